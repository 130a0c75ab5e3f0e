"""Calls to providers over a real socket: which hosts they reach, and what is returned (OA-17)."""

import gzip

import pytest

from accounts.errors import ProviderUnavailable
from accounts.identity_providers.http import origin
from tests.unit.accounts.identity_providers.http.server import Server, pieces, reply
from tests.unit.accounts.identity_providers.http.sessions import HEAD, Ticking, get, session_to


def test_a_response_is_returned_complete(server: Server) -> None:
    """Status, headers and body."""
    server.behaviours = [reply(b'{"a": 1}', "200 OK", "X-Thing: yes")]
    response = get(server)

    assert (response.status_code, response.json(), response.headers["x-thing"]) == (200, {"a": 1}, "yes")
    assert server.connections == 1


@pytest.mark.parametrize("status", ["400 Bad Request", "401 Unauthorized", "404 Not Found", "429 Too Many Requests"])
def test_a_4xx_of_the_provider_is_returned_to_the_caller(server: Server, status: str) -> None:
    """A token endpoint says with 400 what is wrong with the code."""
    server.behaviours = [reply(b"{}", status)]

    assert get(server).status_code == int(status[:3])


@pytest.mark.parametrize("status", ["500 Oh No", "502 Bad Gateway", "503 Busy", "599 What"])
def test_a_5xx_of_the_provider_is_its_error(server: Server, status: str) -> None:
    """ProviderUnavailable, without a second attempt: the provider was reached."""
    server.behaviours = [reply(b"{}", status)]
    with pytest.raises(ProviderUnavailable):
        get(server)

    assert server.connections == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_is_never_followed(server: Server, status: int, method: str) -> None:
    """Not even to the same host (ASVS 15.3.2)."""
    with Server() as internal:
        for target in (f"{internal.origin}/latest/meta-data", f"{server.origin}/elsewhere"):
            server.behaviours = [reply(b"", f"{status} Moved", f"Location: {target}")]
            with pytest.raises(ProviderUnavailable):
                session_to(server, Ticking(), internal.origin).request(method, server.origin, data={"code": "secret"})

        assert internal.connections == 0
    assert server.connections == 2


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{other}/",
        "http://127.0.0.1.:{port}/",
        "http://user@127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://0x7f000001:{port}/",
        "https://127.0.0.1:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
    ],
)
def test_a_host_that_is_not_on_the_list_is_never_contacted(server: Server, url: str) -> None:
    """Scheme, host and port are compared exactly."""
    with Server() as other:
        with pytest.raises(ProviderUnavailable):
            session_to(server).get(url.format(port=server.port, other=other.port))

        assert (server.connections, other.connections) == (0, 0)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"])
def test_a_proxy_in_the_environment_is_not_used(server: Server, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Code decides where secrets are sent, not an environment variable."""
    with Server() as proxy:
        monkeypatch.setenv(name, proxy.origin)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)

        assert (get(server).status_code, proxy.connections, server.connections) == (200, 0, 1)


def test_passwords_of_a_netrc_are_not_sent(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Requests would add an Authorization header from it."""
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login eve password canary\n")
    monkeypatch.setenv("NETRC", str(netrc))
    get(server)

    assert b"authorization" not in server.seen[0].lower()


def test_a_body_may_have_a_quarter_of_a_megabyte(server: Server) -> None:
    """Exactly that many bytes, and not one more."""
    limit = 256 * 1024
    server.behaviours = [reply(b"a" * limit), reply(b"a" * (limit + 1))]

    assert len(get(server).content) == limit
    with pytest.raises(ProviderUnavailable):
        get(server)


def test_an_endless_body_is_aborted_at_the_limit(server: Server) -> None:
    """It need not end to be too large."""
    server.behaviours = [pieces(HEAD + b"\r\n", *[b"a" * 65536] * 5)]
    with pytest.raises(ProviderUnavailable):
        get(server)

    assert server.connections == 1


def test_a_compressed_bomb_is_aborted_at_the_limit(server: Server) -> None:
    """100 MB of zeros are 100 kB of gzip; at most one chunk above the limit is decompressed."""
    server.behaviours = [reply(gzip.compress(b"\0" * 10**7), "200 OK", "Content-Encoding: gzip")]
    with pytest.raises(ProviderUnavailable):
        get(server)

    assert server.connections == 1


def test_a_compressed_body_is_decompressed(server: Server) -> None:
    server.behaviours = [reply(gzip.compress(b'{"a": 1}'), "200 OK", "Content-Encoding: gzip")]

    assert get(server).json() == {"a": 1}


def test_a_chunked_body_is_joined(server: Server) -> None:
    """RFC 9112 7.1."""
    chunks = b'Transfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n2\r\n1}\r\n0\r\n\r\n'
    server.behaviours = [pieces(HEAD + chunks)]

    assert get(server).json() == {"a": 1}


@pytest.mark.parametrize(
    "behaviour",
    [
        reply(b'{"a"', length=100),
        reply(b"not gzip at all", "200 OK", "Content-Encoding: gzip"),
        reply(b"\x1f\x8b\x08broken", "200 OK", "Content-Encoding: gzip"),
        reply(b"zz\r\nbroken", "200 OK", "Transfer-Encoding: chunked"),
        reply(b"5\r\nab", "200 OK", "Transfer-Encoding: chunked"),
    ],
)
def test_a_truncated_or_corrupt_body_is_the_providers_error(server: Server, behaviour: object) -> None:
    """Never a server error: 503 and not 500."""
    server.behaviours = [behaviour]  # type: ignore[list-item]
    with pytest.raises(ProviderUnavailable):
        get(server)

    assert server.connections == 1


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://github.com/login/oauth/access_token", "https://github.com"),
        ("http://127.0.0.1:9001/api/user", "http://127.0.0.1:9001"),
    ],
)
def test_the_origin_of_a_url_is_scheme_host_and_port(url: str, wanted: str) -> None:
    assert origin(url) == wanted
