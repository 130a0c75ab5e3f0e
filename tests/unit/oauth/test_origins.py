"""Which origins may start a sign-in: every trick that has been played with one (OA-12, OA-14)."""

import pytest

from accounts.errors import ConfigurationError
from accounts.origins import Allowlist, Origin, parse

SITE_URL = "https://accounts.example.com"
ALLOWLIST = Allowlist(SITE_URL, ["https://app.example.net", "https://app.example.net:8443", "http://127.0.0.1:9", ""])

# What is allowed, and its one spelling.
ALLOWED = {
    "http://localhost": "http://localhost",
    "http://localhost:8188": "http://localhost:8188",
    "https://localhost:8188": "https://localhost:8188",
    "http://LOCALHOST:8188": "http://localhost:8188",
    "HTTP://localhost:8188": "http://localhost:8188",
    "http://localhost:80": "http://localhost",
    "http://localhost:080": "http://localhost",
    "http://localhost:8188/": "http://localhost:8188",
    "http://localhost.:8188": "http://localhost:8188",
    "http://comfy.localhost:8188": "http://comfy.localhost:8188",
    "http://a.b.c.localhost": "http://a.b.c.localhost",
    "http://127.0.0.1:8188": "http://127.0.0.1:8188",
    "http://127.0.0.1:1": "http://127.0.0.1:1",
    "http://127.0.0.1:65535": "http://127.0.0.1:65535",
    "http://127.1.2.3": "http://127.1.2.3",
    "http://127.255.255.255": "http://127.255.255.255",
    "http://[::1]:8188": "http://[::1]:8188",
    "http://[::0001]:8188": "http://[::1]:8188",
    "http://[0:0:0:0:0:0:0:1]:8188": "http://[::1]:8188",
    "http://[0000:0000:0000:0000:0000:0000:0000:0001]": "http://[::1]",
    "http://[::ffff:127.0.0.1]:8188": "http://127.0.0.1:8188",
    "http://[::FFFF:7F00:1]:8188": "http://127.0.0.1:8188",
    "https://comfy.org": "https://comfy.org",
    "https://comfy.org.": "https://comfy.org",
    "https://COMFY.ORG": "https://comfy.org",
    "https://comfy.org:443": "https://comfy.org",
    "https://cloud.comfy.org": "https://cloud.comfy.org",
    "https://a.b.comfy.org": "https://a.b.comfy.org",
    "https://xn--bcher-kva.comfy.org": "https://xn--bcher-kva.comfy.org",
    SITE_URL: SITE_URL,
    "https://ACCOUNTS.example.com.:443/": SITE_URL,
    "https://app.example.net": "https://app.example.net",
    "https://app.example.net:8443": "https://app.example.net:8443",
}

# Well-formed, and not on the list.
REFUSED = (
    "http://localhost.com",
    "http://localhost.evil.com:8188",
    "http://notlocalhost",
    "http://evil-localhost:8188",
    "http://localhost-evil",
    "http://localhost.localdomain",
    "http://127.0.0.1.evil.com",
    "http://127.0.0.1.nip.io",
    "http://128.0.0.1",
    "http://126.255.255.255",
    "http://0.0.0.0:8188",
    "http://0.0.0.0",
    "http://[::]",
    "http://[::2]",
    "http://[::ffff:0.0.0.0]",
    "http://[::ffff:128.0.0.1]",
    "http://[::127.0.0.1]",
    "http://[64:ff9b::127.0.0.1]",
    "http://[fe80::1]",
    "http://[fd00::1]:8188",
    "http://10.0.0.1:8188",
    "http://172.16.0.1",
    "http://192.168.1.20:8188",
    "http://169.254.169.254",
    "http://100.64.0.1",
    "http://203.0.113.7",
    "http://comfyui.local:8188",
    "http://gpu-box:8188",
    "https://comfy.org.evil.com",
    "https://evilcomfy.org",
    "https://evil-comfy.org",
    "https://comfy.org.uk",
    "https://comfy.or",
    "https://org",
    "https://xcomfy.org",
    "https://comfyXorg.com",
    "http://comfy.org",
    "http://cloud.comfy.org",
    "https://comfy.org:80",
    "https://comfy.org:8443",
    "https://cloud.comfy.org:444",
    "https://accounts.example.com:8443",
    "http://accounts.example.com",
    "https://example.com",
    "https://sub.accounts.example.com",
    "https://evil.app.example.net",
    "http://app.example.net",
    "https://app.example.net:8444",
)

# No origin at all, or one that two readers could disagree on.
MALFORMED = (
    "",
    " ",
    "null",
    "*",
    "localhost",
    "localhost:8188",
    "//localhost",
    "/",
    "///",
    "http:",
    "http:/localhost",
    "http:localhost",
    "http://",
    "http:///localhost",
    "http://:8188",
    "http://@localhost",
    "ftp://localhost",
    "ws://localhost",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "javascript://localhost/%0aalert(1)",
    "data:text/html,x",
    "about:blank",
    "chrome-extension://abcdefgh",
    "https://*.comfy.org",
    "https://comfy.org*",
    "https://.comfy.org",
    "https://-.comfy.org",
    "https://comfy..org",
    "https://a..comfy.org",
    "https://comfy.org..",
    "https://comfy_.org",
    "https://user@comfy.org",
    "https://user:pass@comfy.org",
    "https://comfy.org@evil.com",
    "https://comfy.org:443@evil.com",
    "https://evil.com\\@comfy.org",
    "https://evil.com\\.comfy.org",
    "https://evil.com/.comfy.org",
    "https://evil.com?.comfy.org",
    "https://evil.com#.comfy.org",
    "https://evil.com;.comfy.org",
    "https://evil.com,https://comfy.org",
    "https://comfy.org, https://evil.com",
    "https://comfy.org https://evil.com",
    "https://evil.com%2f.comfy.org",
    "https://evil.com%00.comfy.org",
    "https://%65vil.comfy.org",
    "https://comfy%2eorg",
    "https://comfy.org%20",
    "https://comfy.org\x00.evil.com",
    "https://comfy.org\x00",
    "https://comfy.org\t",
    "https://com\tfy.org",
    "https://comfy.org\n",
    "\nhttps://comfy.org",
    "https://comfy.org\r",
    "ht\ntps://comfy.org",
    " https://comfy.org",
    "https://comfy.org ",
    "\x0bhttps://comfy.org",
    "https://comfy.org\x7f",
    "https://comfy。org",
    "https://\uff43omfy.org",
    "https://comfy.org\u200b",
    "https://com\u017fy.org",
    "https://cloud.comfy.org\u2024evil.com",
    "https://evil.c℀.comfy.org",
    "https://bücher.comfy.org",
    "http://ʟocalhost",
    "http://localhost\u3002",
    "http://127。0。0。1",
    "http://①②⑦.0.0.1",
    "https://comfy.org\ud800",
    "http://2130706433",
    "http://0x7f000001",
    "http://0x7f.1",
    "http://0x7f.0.0.1",
    "http://0177.0.0.1",
    "http://017700000001",
    "http://127.1",
    "http://127.0.1",
    "http://127",
    "http://0",
    "http://127.0.0.01",
    "http://127.0.0.256",
    "http://127.0.0.1.",
    "http://127.0.0.1.1",
    "http://1.localhost.1",
    "http://localhost.0",
    "http://foo.0x7f",
    "http://[127.0.0.1]",
    "http://[localhost]",
    "http://[::1",
    "http://::1]",
    "http://::1",
    "http://[::1]evil.com",
    "http://[::1].evil.com",
    "http://evil.com[::1]",
    "http://[::1%25lo]",
    "http://[::1%lo]",
    "http://[v1.localhost]",
    "http://[::g]",
    "http://[:::1]",
    "http://[]",
    "http://[::1]]",
    "http://localhost:",
    "http://localhost:0",
    "http://localhost:00",
    "http://localhost:-1",
    "http://localhost:+80",
    "http://localhost:65536",
    "http://localhost:99999999999999999999",
    "http://localhost:80a",
    "http://localhost:8 0",
    "http://localhost:\uff18\uff10",
    "http://localhost:80:80",
    "http://localhost:1_0",
    "http://localhost/path",
    "http://localhost//",
    "http://localhost/..",
    "http://localhost?",
    "http://localhost?x=1",
    "http://localhost#",
    "http://localhost/#x",
    "http://localhost;x",
    "http://localhost<",
    'http://localhost"',
    "http://localhost\\",
    "\\\\localhost",
    "http:\\\\localhost",
    "http://loc|alhost",
    "http://loc^alhost",
    "http://loc`alhost",
    "http://loc{}alhost",
    "http://" + "a." * 1100 + "comfy.org",
    "http://localhost" + "/" * 2100,
)


@pytest.mark.parametrize(("text", "spelling"), ALLOWED.items())
def test_an_allowed_origin_has_one_spelling(text: str, spelling: str) -> None:
    """However it is written; and the one spelling is read as itself."""
    origin = parse(text)

    assert (str(origin), ALLOWLIST.allows(origin), parse(spelling)) == (spelling, True, origin)


@pytest.mark.parametrize("text", REFUSED)
def test_an_origin_that_is_not_on_the_list_is_refused(text: str) -> None:
    """It is an origin; it is not one of ours."""
    origin = parse(text)

    assert (isinstance(origin, Origin), ALLOWLIST.allows(origin)) == (True, False)


@pytest.mark.parametrize("text", MALFORMED)
def test_what_two_readers_could_disagree_on_is_no_origin(text: str) -> None:
    """Not repaired, as browsers do: each does it in its own way."""
    assert parse(text) is None
    assert not ALLOWLIST.allows(None)


def test_no_host_that_comes_after_ours_is_on_the_list_and_none_is_allowed_by_its_beginning() -> None:
    """What stands before or after a name that is allowed, without a dot between, or after it."""
    for host in ("localhost", "comfy.org", "accounts.example.com", "app.example.net"):
        for text in (f"https://evil{host}", f"https://{host}.evil.com", f"https://{host}evil", f"https://evil-{host}"):
            assert (text, ALLOWLIST.allows(parse(text))) == (text, False)


@pytest.mark.parametrize(
    "addition",
    [
        "http://app.example.com",
        "http://192.168.1.20:8188",
        "https://*.example.com",
        "*",
        "https://app.example.com/path",
        "app.example.com",
        "https://app.example.com?",
        "https://user@app.example.com",
        "https://bücher.example",
        " https://app.example.com",
        "javascript:alert(1)",
        "null",
    ],
)
def test_a_deployment_cannot_add_what_is_not_safe(addition: str) -> None:
    """Only https, or this machine; no wildcard; the function does not even start."""
    with pytest.raises(ConfigurationError, match="ALLOWED_ORIGINS"):
        Allowlist(SITE_URL, [addition])


def test_an_addition_is_one_origin_and_not_its_neighbours() -> None:
    """Scheme, host and port."""
    allowlist = Allowlist(SITE_URL, ["https://App.Example.net.:8443"])
    answers = {
        text: allowlist.allows(parse(text))
        for text in (
            "https://app.example.net:8443",
            "https://app.example.net",
            "https://x.app.example.net:8443",
            "http://app.example.net:8443",
        )
    }

    assert list(answers.values()) == [True, False, False, False]
