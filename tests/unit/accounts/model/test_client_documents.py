"""Which URLs are a client's id, and what is read from the document there."""

import json
from datetime import timedelta
from typing import Any

import pytest

from accounts import errors
from accounts.errors import ClientDocumentRefused, ConfigurationError
from accounts.limits import CLIENT_ID_MAX_CHARACTERS, CLIENT_NAME_MAX_CHARACTERS
from accounts.model import client_documents, clients
from accounts.model.client_documents import DEVICE_CODE, WORDS, Document, Fetched, Problem
from accounts.model.clients import Client
from tests.unit.accounts.stage import NOW, later

URL = "https://client.example.com/oauth/client.json"
LONGEST = URL + "a" * (CLIENT_ID_MAX_CHARACTERS - len(URL))
# SF-01, draft 3: everything that another parser could read differently, or that is no public name on port 443.
NO_IDS = {
    "scheme": [
        "http://client.example.com/c",
        "HTTPS://client.example.com/c",
        "ftp://client.example.com/c",
        "javascript:x",
    ],
    "no path": ["https://client.example.com", "//client.example.com/c", "client.example.com/c"],
    "port": ["https://client.example.com:443/c", "https://client.example.com:8443/c", "https://client.example.com:/c"],
    "user": [
        "https://user@client.example.com/c",
        "https://u:p@client.example.com/c",
        "https://client.example.com@evil/c",
    ],
    "query": [f"{URL}?", f"{URL}?x=1"],
    "fragment": [f"{URL}#", f"{URL}#x"],
    "dot segments": [
        "https://client.example.com/./c",
        "https://client.example.com/a/../c",
        "https://client.example.com/..",
        "https://client.example.com/%2e%2e/c",
        "https://client.example.com/.",
    ],
    "other characters": [
        "https://client.example.com/a b",
        "https://client.example.com/\\c",
        "https://client.example.com\\@evil.example/c",
        "https://client.example.com/c\n",
        "\thttps://client.example.com/c",
        "https://client.example.com/<script>",
        "https://client.example.com/ä",
    ],
    "spelling of the host": ["https://Client.example.com/c", "https://client.example.com./c", "https://.example.com/c"],
    "wrong labels": [
        "https://client..com/c",
        "https://-a.example.com/c",
        "https://a-.example.com/c",
        "https://a_b.com/c",
    ],
    "too long labels": [f"https://{'a' * 64}.com/c", "https://" + "a." * 126 + "example.com/c"],
    "one label": ["https://localhost/c", "https://intranet/c", "https://com/c"],
    "loopback": ["https://app.localhost/c"],
    "IPv4": ["https://127.0.0.1/c", "https://8.8.8.8/c", "https://169.254.169.254/latest"],
    "IPv4 in other notations": [
        "https://2130706433/c",
        "https://0x7f000001/c",
        "https://0x7f.0.0.1/c",
        "https://0177.0.0.1/c",
        "https://127.1/c",
        "https://a.0x1/c",
        "https://127.0.0.1.1/c",
    ],
    "IPv6": [
        "https://[::1]/c",
        "https://[::ffff:127.0.0.1]/c",
        "https://[2606:2800:21f::1]/c",
        "https://[fe80::1%25eth0]/c",
    ],
    "letters of other scripts": ["https://clіent.example.com/c", "https://ⓒlient.example.com/c", "https://١٢٧.0.0.1/c"],  # noqa: RUF001 - on purpose
    "no URL": ["", "comfy-cli", "https://", "https:///c", f"{LONGEST}a"],
}


def document(text: str | None = None, /, **fields: Any) -> Document:
    """The client's document with these fields."""
    whole = {"client_id": URL, "client_name": "A client", "redirect_uris": ["https://client.example.com/back"]}
    said = {name: value for name, value in (whole | fields).items() if value is not ...}
    return Document(URL, json.dumps(said) if text is None else text, NOW, NOW)


def described(**fields: Any) -> Client:
    return clients.described(document(**fields))


def problem(found: Document) -> str:
    """The words of the refusal."""
    with pytest.raises(ClientDocumentRefused) as refusal:
        clients.described(found)
    return refusal.value.message


def said(problem: Problem) -> str:
    return f"The program's description cannot be used: {WORDS[problem]}."


@pytest.mark.parametrize(
    ("url", "host"),
    [
        (URL, "client.example.com"),
        (LONGEST, "client.example.com"),
        ("https://example.com/", "example.com"),
        ("https://xn--bcher-kva.example/A_b-c~/d.json", "xn--bcher-kva.example"),
        ("https://1.2.3.4.example.com/c", "1.2.3.4.example.com"),
        (f"https://{'a' * 63}.com/...", f"{'a' * 63}.com"),
    ],
)
def test_a_url_on_a_public_name_is_an_id(url: str, host: str) -> None:
    """Another script's letters appear as punycode, so that none looks like another host."""
    assert client_documents.host_of(url) == host


@pytest.mark.parametrize("text", [it for kind in NO_IDS.values() for it in kind])
def test_other_text_is_not_the_id_of_a_document(text: str) -> None:
    assert client_documents.host_of(text) == ""
    assert clients.load(hosts="*").get(text) == clients.load().get(text)


def test_a_client_is_read_from_its_document() -> None:
    found = described(grant_types=["authorization_code", DEVICE_CODE], logo_uri="https://evil.example/logo", other=[1])

    assert found == Client(
        URL,
        "client.example.com",
        redirects=frozenset({"https://client.example.com/back"}),
        host="client.example.com",
        claim="A client",
        grants=frozenset({"authorization_code", DEVICE_CODE}),
    )


def test_a_short_document_is_enough() -> None:
    """RFC 7591 2: the default is the authorization code. No name, and no usable redirect URI."""
    found = clients.described(document(json.dumps({"client_id": URL})))

    assert (found.name, found.claim, found.redirects) == ("client.example.com", "", frozenset())
    assert found.grants == {"authorization_code"}


@pytest.mark.parametrize(
    ("uri", "asked"),
    [
        ("https://client.example.com/back", "https://client.example.com/back"),
        ("http://127.0.0.1/callback", "http://127.0.0.1:49152/callback"),
        ("http://127.0.0.1:33418/", "http://127.0.0.1:49152/"),
        ("http://localhost:3000", "http://localhost:8080"),
        ("http://[::1]/callback", "http://[::1]:49152/callback"),
    ],
)
def test_the_answer_goes_to_the_documents_host_or_to_this_computer(uri: str, asked: str) -> None:
    """On loopback, the port is chosen at run time (RFC 8252 7.3)."""
    assert described(redirect_uris=[uri]).redirect(asked) == asked


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.example/back",
        "https://sub.client.example.com/back",
        "https://example.com/back",
        "https://client.example.com.evil.example/back",
        "https://client.example.com:8443/back",
        "https://client.example.com:443/back",
        "https://user@client.example.com/back",
        "https://CLIENT.example.com/back",
        "https://client.example.com/back?x=1",
        "https://client.example.com/back#x",
        "https://client.example.com/*",
        "http://client.example.com/back",
        "https://127.0.0.1/callback",
        "http://192.168.0.1/callback",
        "http://0.0.0.0/callback",
        "client://callback",
        "javascript:alert(1)",
        "data:text/html,x",
        "",
    ],
)
def test_another_redirect_uri_is_ignored(uri: str) -> None:
    """Draft 8.1. The document may list it for other services, so the others still work."""
    found = described(redirect_uris=[uri, "https://client.example.com/back"])

    assert found.redirects == {"https://client.example.com/back"}
    assert found.redirect(uri) is None


def test_a_name_is_a_claim_of_limited_length_without_invisible_characters() -> None:
    long = "x" * (CLIENT_NAME_MAX_CHARACTERS + 1)
    for name, shown in ((long, long[:-1]), ("\u202eevil\u200b\n", "evil"), ("\0", ""), (" Comfy  CLI ", "Comfy CLI")):
        assert described(client_name=name).claim == shown


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"client_id": f"{URL}x"}, "other_id"),
        ({"client_id": "comfy-cli"}, "other_id"),
        ({"client_id": "https://client.example.com:443/oauth/client.json"}, "other_id"),
        ({"client_id": ...}, "malformed"),
        ({"client_id": 1}, "malformed"),
        ({"client_name": ["A"]}, "malformed"),
        ({"client_name": None}, "malformed"),
        ({"redirect_uris": "https://client.example.com/back"}, "malformed"),
        ({"redirect_uris": [None]}, "malformed"),
        ({"grant_types": "authorization_code"}, "malformed"),
        ({"client_secret": "secret"}, "secret"),
        ({"client_secret": ""}, "secret"),
        ({"client_secret_expires_at": 0}, "secret"),
        ({"token_endpoint_auth_method": "client_secret_basic"}, "authentication"),
        ({"token_endpoint_auth_method": "client_secret_post"}, "authentication"),
        ({"token_endpoint_auth_method": "client_secret_jwt"}, "authentication"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "authentication"),
        ({"token_endpoint_auth_method": ""}, "authentication"),
        ({"token_endpoint_auth_method": None}, "malformed"),
    ],
)
def test_a_document_that_cannot_be_used_says_why(fields: dict[str, Any], expected: Problem) -> None:
    assert problem(document(**fields)) == said(expected)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '"x"', "[" * 5000, '{"client_id": "\\ud800"}'])
def test_text_that_is_not_an_object_is_refused(text: str) -> None:
    """The function that fetched it has checked this; its answer is not trusted."""
    assert problem(document(text)) == said("malformed")


def test_every_problem_has_words() -> None:
    assert set(WORDS) == set(Problem.__args__)  # type: ignore[attr-defined]
    assert {client_documents.refused(problem).code for problem in WORDS} == {"client_document_refused"}


@pytest.mark.parametrize(
    ("seconds", "fresh"),
    [
        (None, timedelta(minutes=5)),
        (-1, timedelta(minutes=1)),
        (0, timedelta(minutes=1)),
        (59, timedelta(minutes=1)),
        (61, timedelta(seconds=61)),
        (86_399, timedelta(seconds=86_399)),
        (86_401, timedelta(days=1)),
        (10**30, timedelta(days=1)),
    ],
)
def test_a_copy_is_fresh_for_a_minute_to_a_day(seconds: int | None, fresh: timedelta) -> None:
    """Draft 5.2. Then its text is not used, but it is remembered for a month."""
    assert Fetched("{}", seconds).document(URL, NOW) == Document(URL, "{}", NOW + fresh, later(days=30))


def test_a_changed_description_has_another_fingerprint() -> None:
    """Only what is shown or decides; the order and other fields do not matter."""
    uris = ["https://client.example.com/back", "http://127.0.0.1/callback"]
    same = [described(redirect_uris=uris), described(redirect_uris=uris[::-1], logo_uri="x")]
    others = [
        described(redirect_uris=uris[:1]),
        described(redirect_uris=uris, client_name="Another"),
        described(redirect_uris=uris, grant_types=["authorization_code", DEVICE_CODE]),
    ]
    assert len({it.fingerprint for it in same}) == 1
    assert len({it.fingerprint for it in (*same, *others)}) == 4


def test_a_configured_client_has_no_fingerprint() -> None:
    client = clients.load().by_id["comfy-cli"]

    assert client.fingerprint == ""
    client.check_shown("")
    with pytest.raises(errors.ClientChanged):
        client.check_shown("something")


@pytest.mark.parametrize(
    ("setting", "allowed", "refused"),
    [
        ("*", ["https://client.example.com/c", "https://other.example/c"], []),
        ("off", [], ["https://client.example.com/c"]),
        (
            "client.example.com, *.example.org",
            ["https://client.example.com/c", "https://a.example.org/c", "https://a.b.example.org/c"],
            [
                "https://example.com/c",
                "https://a.client.example.com/c",
                "https://example.org/c",
                "https://evilexample.org/c",
                "https://a.example.org.evil.example/c",
            ],
        ),
    ],
)
def test_the_operator_chooses_the_hosts(setting: str, allowed: list[str], refused: list[str]) -> None:
    known = clients.load(hosts=setting)

    assert [url for url in (*allowed, *refused) if known.get(url)] == allowed
    assert known.hosts.is_empty == (not allowed)


@pytest.mark.parametrize("setting", ["*", "accounts.example.com", "*.example.com"])
def test_the_services_own_host_describes_no_client(setting: str) -> None:
    """The consent page would name the site itself. Hosts beside it are like any other."""
    known = clients.load(hosts=setting, site_url="https://accounts.example.com")

    assert known.get("https://accounts.example.com/client.json") is None
    assert (known.get("https://other.example.com/c") is None) == (setting == "accounts.example.com")


@pytest.mark.parametrize(
    "setting",
    ["", "on", "*,off", "example", "https://client.example.com", "a.example.com:443", "1.2.3.4", "*.com", "a.*.com"],
)
def test_a_setting_with_another_form_is_refused(setting: str) -> None:
    with pytest.raises(ConfigurationError):
        client_documents.hosts(setting)


def test_a_client_with_a_document_is_named_after_its_host_wherever_its_id_is() -> None:
    """Also when the operator no longer allows the host: lists and emails of the past still name it."""
    for hosts in ("*", "off"):
        assert clients.load(hosts=hosts).name_of(URL) == "client.example.com"


def test_a_document_cannot_take_the_place_of_a_configured_client() -> None:
    """Configured ids are no URLs."""
    with pytest.raises(ConfigurationError):
        clients.load(f"{URL}|Name|https://client.example.com/back")
