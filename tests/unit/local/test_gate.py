"""The gate that gives the site and the emulated AWS ports of their own."""

import asyncio
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from local.gate import Gate, Message, PassedOn

SITE, AWS = 8000, 8002
API = "a1b2c3d4"


class Asked(NamedTuple):
    """The response, and what reached MiniStack, if anything did."""

    status: int
    headers: dict[str, str]
    passed: Message


def ask(
    api_file: Path, path: str = "/", method: str = "GET", query: str = "", port: int = SITE, **headers: str
) -> Asked:
    """Send one request to a port of the gate."""
    sent: list[Message] = []
    passed: Message = {}

    async def application(scope: Message, _receive: Any, send: Any) -> None:
        passed.update(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"let through"})

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    given = {"host": f"localhost:{port}", **headers}
    fields = [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()]
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "headers": fields}
    scope |= {"query_string": query.encode(), "server": ("127.0.0.1", port)}
    asyncio.run(Gate(application, SITE, api_file)(scope, receive, send))
    return Asked(sent[0]["status"], {name.decode(): value.decode() for name, value in sent[0]["headers"]}, passed)


@pytest.fixture
def ready(tmp_path: Path) -> Path:
    """The file with the id of the deployed API."""
    file = tmp_path / "api"
    file.write_text(API)
    return file


@pytest.mark.parametrize(
    "path", ["/", "/login", "/health", "/_ministack/reset", "/restapis/a/b/_user_request_/c", "//x"]
)
def test_every_path_of_the_site_is_one_of_the_deployed_api(ready: Path, path: str) -> None:
    """Whatever it means to the emulator elsewhere. A browser on the site may send any header."""
    asked = ask(ready, path, sec_fetch_site="same-origin", origin="http://localhost:8000")

    assert asked.status == 200
    assert asked.passed["path"] == f"/_aws/execute-api/{API}/$default{path}"
    assert asked.passed["raw_path"] == asked.passed["path"].encode()


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_before_it_is_deployed_the_site_says_that_it_is_starting(tmp_path: Path, host: str) -> None:
    """With 503, so that programs keep waiting and a browser retries automatically."""
    asked = ask(tmp_path / "not-yet", host=host)

    assert (asked.status, asked.headers["retry-after"], asked.headers["refresh"]) == (503, "1", "1")


def test_another_deployment_may_have_another_api(ready: Path) -> None:
    """A stack that could not be created is created again, with a new API."""
    ready.write_text("b1")

    assert ask(ready, "/login").passed["path"] == "/_aws/execute-api/b1/$default/login"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("127.0.0.1:8000", "http://localhost:8000"),
        ("[::1]:8000", "http://localhost:8000"),
        ("127.0.0.1:18000", "http://localhost:18000"),  # a tunnel's port
        ("127.0.0.1", "http://localhost"),
    ],
)
def test_the_sites_other_addresses_redirect_to_it(ready: Path, method: str, host: str, site: str) -> None:
    """With path and query as they were sent."""
    asked = ask(ready, "//email/verify%2F", method, "a=1&b=%20", host=host)

    assert (asked.status, asked.headers["location"]) == (307, f"{site}//email/verify%2F?a=1&b=%20")
    assert asked.passed == {}


@pytest.mark.parametrize("port", [SITE, AWS])
@pytest.mark.parametrize(
    "host", ["evil.example:8000", "localhost.evil.example:8000", "127.0.0.1.evil.example:80", "[evil", ""]
)
def test_a_foreign_name_for_this_machine_reaches_neither_the_site_nor_aws(ready: Path, host: str, port: int) -> None:
    """An attacker's page under such a name has its own origin, so its GETs send no Origin. It could read emails."""
    asked = ask(ready, "/_ministack/ses/messages", port=port, host=host)

    assert (asked.status, asked.passed) == (421, {})


@pytest.mark.parametrize(
    "host",
    [
        "localhost:8002",
        "bucket.localhost:8002",
        "127.0.0.1:8002",
        "[::1]:8002",
        "host.docker.internal:8002",
        "localhost",
    ],
)
def test_aws_programs_use_several_names_for_this_machine(tmp_path: Path, host: str) -> None:
    """A bucket's own, and that of containers. They deploy the site, so they cannot wait for it."""
    asked = ask(tmp_path / "not-yet", "/x", "POST", port=AWS, host=host, authorization="AWS4-HMAC-SHA256 x")

    assert (asked.status, asked.passed["path"], asked.passed["method"]) == (200, "/x", "POST")


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize(
    "header",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:8000"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "none", "sec_fetch_mode": "navigate"},
        {"accept": "text/html,*/*;q=0.8"},  # a browser without Fetch Metadata: Safari sends it since 2023
    ],
)
def test_no_web_page_can_call_the_emulated_aws(ready: Path, method: str, header: dict[str, str]) -> None:
    """Otherwise a form that posts to localhost could reset it."""
    asked = ask(ready, "/_ministack/reset", method, port=AWS, **header)

    assert (asked.status, asked.passed) == (403, {})


def test_preflights_of_the_site_are_forwarded(ready: Path) -> None:
    """The routes get them as OPTIONS; the emulator would answer them itself."""
    method = ask(ready, "/customers", "OPTIONS").passed["method"]

    assert (f"{method}", method == "OPTIONS") == ("OPTIONS", False)
    assert ask(ready, "/customers", "POST").passed["method"] == "POST"


def test_a_forwarded_method_matches_no_route_by_its_name() -> None:
    """From either side of the comparison; printed, it is the original name."""
    method, known = PassedOn("OPTIONS"), "OPTIONS"

    assert [method == known, known == method] == [False, False]
    assert [method != known, known != method] == [True, True]
    assert f"{method}" == "OPTIONS"


@pytest.mark.parametrize("port", [SITE, AWS])
def test_no_web_page_can_open_a_web_socket(ready: Path, port: int) -> None:
    """The emulator has some, which ask for no origin."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/", "server": ("127.0.0.1", port), "headers": [(b"host", b"localhost")]}
    asyncio.run(Gate(pytest.fail, SITE, ready)(scope, pytest.fail, send))

    assert sent == [{"type": "websocket.close"}]
