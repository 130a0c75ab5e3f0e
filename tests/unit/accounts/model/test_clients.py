"""Where a client's authorization response may go: an exact match except for the port of a loopback address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.errors import ConfigurationError
from accounts.model import clients
from accounts.model.clients import COMFY_CLI, COMFY_LOCAL_WEB, Client
from accounts.model.origins import parse
from tests.unit.accounts.model.origin_texts import ALLOWED, MALFORMED, REFUSED
from tests.unit.accounts.stage import exactly

LONG = "http://127.0.0.1:8188/callback" + "a" * 2048


@pytest.mark.parametrize(
    ("client_id", "uri"),
    [
        (COMFY_CLI, "http://127.0.0.1:1/callback"),
        (COMFY_CLI, "http://127.0.0.1:65535/callback"),
        (COMFY_CLI, "http://127.0.0.1/callback"),
        (COMFY_CLI, "http://[::1]:49152/callback"),
        (COMFY_CLI, "http://localhost:8080/callback"),
        (COMFY_LOCAL_WEB, "http://127.0.0.1:8188/"),
        (COMFY_LOCAL_WEB, "http://[::1]:8188/"),
        (COMFY_LOCAL_WEB, "http://localhost:8188/"),
    ],
)
def test_a_loopback_address_is_accepted_on_any_port(client_id: str, uri: str) -> None:
    """The program learns its port at run time (RFC 8252 7.3)."""
    client = clients.load().get(client_id)

    assert client is not None
    assert client.redirect(uri) == uri


@pytest.mark.parametrize("client_id", [COMFY_CLI, COMFY_LOCAL_WEB])
@pytest.mark.parametrize(
    "uri",
    [
        "",
        "http://127.0.0.1:8188",
        "http://127.0.0.1:8188/callback/",
        "http://127.0.0.1:8188//",
        "http://127.0.0.1:8188/other",
        "http://127.0.0.1:8188/Callback",
        "http://127.0.0.1:8188/callback?x=1",
        "http://127.0.0.1:8188/?",
        "http://127.0.0.1:8188/#",
        "http://127.0.0.1:8188/callback#code",
        "http://127.0.0.1:8188/%63allback",
        "http://127.0.0.1:8188/../callback",
        "http://127.0.0.1:8188/\n",
        "http://127.0.0.1:8188/callback\n",
        "\nhttp://127.0.0.1:8188/callback",
        " http://127.0.0.1:8188/",
        "http://127.0.0.1:0/callback",
        "http://127.0.0.1:08/callback",
        "http://127.0.0.1:65536/callback",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:/callback",
        "http://127.0.0.1:80a/",
        "http://127.0.0.1:8188:8189/",
        "http://127.0.0.1:*/callback",
        "http://*/callback",
        "http://127.0.0.2:8188/callback",
        "http://127.1:8188/callback",
        "http://2130706433:8188/",
        "http://0x7f000001:8188/",
        "http://0.0.0.0:8188/callback",
        "http://192.168.1.7:8188/",
        "http://[::]:8188/callback",
        "http://[0:0:0:0:0:0:0:1]:8188/callback",
        "http://[::ffff:127.0.0.1]:8188/callback",
        "http://localhost.:8188/callback",
        "http://localhost.evil.example:8188/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://evil.example/callback",
        "http://127.0.0.1@evil.example/callback",
        "http://user@127.0.0.1:8188/callback",
        "http://127.0.0.1:8188@evil.example/",
        "http://127.0.0.1\\@evil.example/callback",
        "http://127.0.0.1:8188/callback\\",
        "https://127.0.0.1:8188/callback",
        "HTTP://127.0.0.1:8188/callback",
        "http:/127.0.0.1:8188/callback",
        "//127.0.0.1:8188/callback",
        "javascript:alert(1)//127.0.0.1/callback",
        "data:text/html,x",
        "com.example.app:/callback",
        "http://\uff11\uff12\uff17.0.0.1:8188/callback",
        "http://127.0.0.1:\uff18\uff11\uff18\uff18/callback",
        LONG,
    ],
)
def test_anything_else_is_refused(client_id: str, uri: str) -> None:
    """No other path, host, scheme, port, query, fragment, user, spelling or pattern (OA-12)."""
    client = clients.load().get(client_id)

    assert client is not None
    assert client.redirect(uri) is None


@pytest.mark.parametrize(("text", "spelling"), ALLOWED.items())
def test_a_web_client_of_this_computer_is_opened_at_every_allowed_loopback_origin(text: str, spelling: str) -> None:
    """In any spelling, as the allowlist and with it /auth/methods judge it; the code goes to the canonical form."""
    client = clients.load().get(COMFY_LOCAL_WEB)
    origin = parse(text)

    assert client is not None
    assert origin is not None
    expected = f"{spelling}/" if origin.is_loopback else None
    assert client.redirect(f"{text.removesuffix('/')}/") == expected
    assert expected is None or client.redirect(expected) == expected


@pytest.mark.parametrize("text", [*REFUSED, *MALFORMED])
def test_a_web_client_of_this_computer_is_opened_at_no_other_origin(text: str) -> None:
    client = clients.load().get(COMFY_LOCAL_WEB)

    assert client is not None
    assert client.redirect(f"{text}/") is None


@exactly
@given(
    st.sampled_from(["http", "https", "HTTP"]), st.text("01.2:[]lochasty%@\\", max_size=16), st.text("0189", max_size=5)
)
def test_the_allowlist_and_a_web_client_agree_on_every_origin(scheme: str, host: str, port: str) -> None:
    """One parser: what one allows, the other allows, unless it is not on this computer."""
    client, text = clients.load().get(COMFY_LOCAL_WEB), f"{scheme}://{host}:{port}"
    origin = parse(text)

    assert client is not None
    assert (client.redirect(f"{text}/") is not None) == (origin is not None and origin.is_loopback)


@pytest.mark.parametrize("uri", ["http://127.0.0.1:80/callback", "http://127.0.0.1/callback"])
def test_the_port_of_the_scheme_may_be_written(uri: str) -> None:
    client = clients.load().get(COMFY_CLI)

    assert client is not None
    assert client.redirect(uri) == uri


def test_the_parameters_of_a_request_get_the_canonical_redirect_uri() -> None:
    """Of a web client of this computer; anything else is compared as it is."""
    client = clients.load().get(COMFY_LOCAL_WEB)

    assert client is not None
    spelled = {"redirect_uri": "http://LOCALHOST.:08188/", "state": "s"}
    assert client.asked(spelled) == {"redirect_uri": "http://localhost:8188/", "state": "s"}
    assert client.asked({"redirect_uri": "http://LAN:8188/"}) == {"redirect_uri": "http://LAN:8188/"}
    assert client.asked({"state": "s"}) == {"state": "s"}


def test_no_client_accepts_the_address_of_another() -> None:
    """A path belongs to one client."""
    cli, web = (clients.load().get(client_id) for client_id in (COMFY_CLI, COMFY_LOCAL_WEB))

    assert cli is not None
    assert web is not None
    assert cli.redirect("http://127.0.0.1:8188/") is None
    assert web.redirect("http://127.0.0.1:8188/callback") is None


def test_a_deployment_can_add_clients() -> None:
    """An https address is compared exactly, with its port."""
    added = clients.load(
        " desk|Desk tool|http://127.0.0.1/done https://desk.example.com:8443/done ; web|Web|https://w.example/ ;"
    )

    desk = Client("desk", "Desk tool", frozenset({"http://127.0.0.1/done", "https://desk.example.com:8443/done"}))
    assert added.get("desk") == desk
    assert desk.redirect("http://127.0.0.1:5000/done") == "http://127.0.0.1:5000/done"
    assert desk.redirect("https://desk.example.com:8443/done") == "https://desk.example.com:8443/done"
    assert desk.redirect("https://desk.example.com/done") is None
    assert desk.redirect("https://desk.example.com:8444/done") is None
    assert sorted(added.by_id) == [COMFY_CLI, COMFY_LOCAL_WEB, "desk", "web"]
    assert (added.name_of("web"), added.name_of("gone"), added.get("gone")) == ("Web", "gone", None)


@pytest.mark.parametrize(
    "additions",
    [
        "x",
        "desk",
        "desk|Desk tool",
        "desk|Desk tool|",
        "desk||https://desk.example/",
        "|Desk tool|https://desk.example/",
        "desk|Desk tool|https://desk.example/|more",
        "Desk|Desk tool|https://desk.example/",
        "desk tool|Desk tool|https://desk.example/",
        f"desk|{'x' * 65}|https://desk.example/",
        "desk|Desk\ttool|https://desk.example/",
        "comfy-cli|Not the CLI|https://evil.example/",
        "desk|One|https://a.example/;desk|Two|https://b.example/",
        "desk|Desk tool|http://desk.example/",
        "desk|Desk tool|https://*.desk.example/",
        "desk|Desk tool|https://desk.example",
        "desk|Desk tool|https://desk.example/?next=",
        "desk|Desk tool|https://desk.example/#",
        "desk|Desk tool|https://user@desk.example/",
        "desk|Desk tool|https://desk.example:70000/",
        "desk|Desk tool|https://desk.example:443/",
        "desk|Desk tool|https://DESK.example/",
        "desk|Desk tool|http://127.0.0.1:8188/",
        "desk|Desk tool|http://192.168.1.7/",
        "desk|Desk tool|http://127x0y0z1/",
        "desk|Desk tool|https://desk/",
        "desk|Desk tool|com.example.app:/done",
        f"desk|Desk tool|https://desk.example/{'a' * 2048}",
    ],
)
def test_an_unsafe_client_stops_the_deployment(additions: str) -> None:
    """At start, not at the first login."""
    with pytest.raises(ConfigurationError):
        clients.load(additions)


@pytest.mark.parametrize(
    ("configured", "shown"),
    [
        ("Caf\u0065\u0301\xa0tool ", "Caf\u00e9 tool"),
        ("\u0639\u0644\u06cc\u200c\u0631\u0636\u0627", "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627"),
        ("Art \U0001f469\u200d\U0001f3a8", "Art \U0001f469\u200d\U0001f3a8"),
        (" " * 9 + "x" * 64, "x" * 64),
    ],
)
def test_a_clients_name_is_normalized_like_any_name(configured: str, shown: str) -> None:
    assert clients.load(f"desk|{configured}|https://desk.example/").name_of("desk") == shown


def test_an_invalid_name_says_which_character_it_is() -> None:
    with pytest.raises(ConfigurationError, match=r"invalid name\. The name cannot contain the character U\+202E"):
        clients.load("desk|Desk\u202e tool|https://desk.example/")
