"""Calls to providers over a real socket: whom they reach, and what comes back (OA-17)."""

import gzip

import pytest

from accounts.errors import ProviderUnavailable
from accounts.identity_providers.http import origin
from tests.unit.accounts.identity_providers.http.server import Server, pieces, reply
from tests.unit.accounts.identity_providers.http.sessions import HEAD, Ticking, get, session_to


def test_an_answer_comes_through_whole(server: Server) -> None:
    """Status, headers and body."""
    server.behaviours = [reply(b'{"a": 1}', "200 OK", "X-Thing: yes")]
    response = get(server)

    assert (response.status_code, response.json(), response.headers["x-thing"]) == (200, {"a": 1}, "yes")
    assert server.connections == 1


@pytest.mark.parametrize("status", ["400 Bad Request", "401 Unauthorized", "404 Not Found", "429 Too Many Requests"])
def test_a_refusal_of_the_provider_is_for_the_caller_to_read(server: Server, status: str) -> None:
    """A token endpoint says with 400 what is wrong with the code."""
    server.behaviours = [reply(b"{}", status)]

    assert get(server).status_code == int(status[:3])


@pytest.mark.parametrize("status", ["500 Oh No", "502 Bad Gateway", "503 Busy", "599 What"])
def test_a_fault_of_the_provider_is_its_fault(server: Server, status: str) -> None:
    """ProviderUnavailable, and no second try: the provider was there."""
    server.behaviours = [reply(b"{}", status)]
    with pytest.raises(ProviderUnavailable):
        get(server)

    assert server.connections == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_is_never_followed(server: Server, status: int, method: str) -> None:
    """Not even to the same host: what was asked for is what answers, or nothing (ASVS 15.3.2)."""
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
    """Scheme, host and port, each letter: no other spelling, no other door."""
    with Server() as other:
        with pytest.raises(ProviderUnavailable):
            session_to(server).get(url.format(port=server.port, other=other.port))

        assert (server.connections, other.connections) == (0, 0)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"])
def test_a_proxy_in_the_environment_sees_nothing(server: Server, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Where our secrets go is code, not an environment variable."""
    with Server() as proxy:
        monkeypatch.setenv(name, proxy.origin)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)

        assert (get(server).status_code, proxy.connections, server.connections) == (200, 0, 1)


def test_passwords_of_a_netrc_stay_where_they_are(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Requests would add an Authorization header from it."""
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login eve password canary\n")
    monkeypatch.setenv("NETRC", str(netrc))
    get(server)

    assert b"authorization" not in server.seen[0].lower()


def test_a_body_of_a_quarter_of_a_megabyte_is_the_most(server: Server) -> None:
    """The last byte that fits, and the first that does not."""
    limit = 256 * 1024
    server.behaviours = [reply(b"a" * limit), reply(b"a" * (limit + 1))]

    assert len(get(server).content) == limit
    with pytest.raises(ProviderUnavailable):
        get(server)


def test_a_body_without_end_is_given_up_at_the_limit(server: Server) -> None:
    """It need not come to an end to be too large."""
    server.behaviours = [pieces(HEAD + b"\r\n", *[b"a" * 65536] * 5)]
    with pytest.raises(ProviderUnavailable):
        get(server)

    assert server.connections == 1


def test_a_small_body_that_swells_is_given_up_at_the_limit(server: Server) -> None:
    """100 MB of zeros are 100 kB of gzip; only what is over the limit by a chunk is ever unpacked."""
    server.behaviours = [reply(gzip.compress(b"\0" * 10**7), "200 OK", "Content-Encoding: gzip")]
    with pytest.raises(ProviderUnavailable):
        get(server)

    assert server.connections == 1


def test_a_packed_body_is_unpacked(server: Server) -> None:
    """Providers pack."""
    server.behaviours = [reply(gzip.compress(b'{"a": 1}'), "200 OK", "Content-Encoding: gzip")]

    assert get(server).json() == {"a": 1}


def test_a_body_in_chunks_is_put_together(server: Server) -> None:
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
def test_a_body_that_breaks_off_or_cannot_be_unpacked_is_the_providers_trouble(
    server: Server, behaviour: object
) -> None:
    """Never an error of ours: 503 and not 500."""
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
def test_the_origin_of_an_address_is_its_beginning(url: str, wanted: str) -> None:
    """Scheme, host and port."""
    assert origin(url) == wanted
