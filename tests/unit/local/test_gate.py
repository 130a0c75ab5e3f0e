"""The gate that separates the site from the emulated AWS."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from local.gate import Gate, Message, PassedOn


async def _application(scope: Message, _receive: Any, send: Any) -> None:
    # Like MiniStack, which answers a method that it knows by itself.
    status = 403 if scope["method"] == "OPTIONS" else 200
    fields = [(b"method", json.dumps(scope["method"]).encode())]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": b"let through"})


def ask(
    ready: Path, path: str = "/", method: str = "GET", query: str = "", **headers: str
) -> tuple[int, dict[str, str]]:
    """Return the status and headers of one response."""
    sent: list[Message] = []
    fields = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "headers": fields}

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    asyncio.run(Gate(_application, ready)(scope | {"query_string": query.encode()}, receive, send))
    return sent[0]["status"], {name.decode(): value.decode() for name, value in sent[0]["headers"]}


@pytest.fixture
def ready(tmp_path: Path) -> Path:
    """The marker file that says that the site is deployed."""
    mark = tmp_path / "ready"
    mark.touch()
    return mark


def test_the_site_is_served_once_it_is_deployed(ready: Path) -> None:
    """A browser on the site may send any header."""
    assert ask(ready, host="127.0.0.1:8000", sec_fetch_site="same-origin")[0] == 200


def test_before_that_the_gate_says_that_the_site_is_starting(tmp_path: Path) -> None:
    """With 503, so that programs keep waiting and a browser retries automatically."""
    status, headers = ask(tmp_path / "not-yet", host="127.0.0.1:8000")

    assert (status, headers["retry-after"], headers["refresh"]) == (503, "1", "1")


def test_the_emulators_controls_are_not_part_of_the_site(ready: Path) -> None:
    """One of them deletes every account."""
    assert ask(ready, "/_ministack/reset", "POST", host="127.0.0.1:8000")[0] == 404


def test_aws_programs_are_let_through(tmp_path: Path) -> None:
    """They deploy the site, so they cannot wait for it."""
    assert ask(tmp_path / "not-yet", method="POST", host="localhost:8000", authorization="AWS4-HMAC-SHA256 x")[0] == 200


def test_localhost_redirects_to_the_site(ready: Path) -> None:
    """With path and query."""
    browser = {"sec_fetch_site": "none", "sec_fetch_mode": "navigate"}
    status, headers = ask(ready, "/email/verify", query="a=1", host="localhost:8000", **browser)

    assert (status, headers["location"]) == (307, "http://127.0.0.1:8000/email/verify?a=1")


def test_a_browser_without_fetch_metadata_is_redirected_to_the_site(ready: Path) -> None:
    """Safari sends it since 2023. Such a browser asks for HTML, which AWS programs do not."""
    status, headers = ask(ready, "/login", host="localhost:8000", accept="text/html,*/*;q=0.8")

    assert (status, headers["location"]) == (307, "http://127.0.0.1:8000/login")
    assert ask(ready, "/login", "POST", host="localhost:8000", accept="text/html")[0] == 403
    assert ask(ready, "/login", host="localhost:8000", accept="*/*")[0] == 200


@pytest.mark.parametrize(
    "header",
    [
        {"origin": "https://evil.example"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "cors", "accept": "text/html"},
        {"origin": "https://evil.example", "accept": "text/html"},
    ],
)
def test_no_web_page_can_call_the_emulated_aws(ready: Path, header: dict[str, str]) -> None:
    """Otherwise a form that posts to localhost could reset it."""
    assert ask(ready, "/_ministack/reset", "POST", host="localhost:8000", **header)[0] == 403


def test_preflights_of_the_site_are_forwarded(ready: Path) -> None:
    """The routes get them as OPTIONS; the emulator answers only those for AWS."""
    assert ask(ready, "/customers", "OPTIONS", host="127.0.0.1:8000") == (200, {"method": '"OPTIONS"'})
    assert ask(ready, "/", "OPTIONS", host="localhost:8000")[0] == 403
    assert ask(ready, "/customers", "POST", host="127.0.0.1:8000") == (200, {"method": '"POST"'})


def test_a_forwarded_method_matches_no_route_by_its_name() -> None:
    """From either side of the comparison; printed, it is the original name."""
    method, known = PassedOn("OPTIONS"), "OPTIONS"

    assert [method == known, known == method] == [False, False]
    assert [method != known, known != method] == [True, True]
    assert f"{method}" == "OPTIONS"


@pytest.mark.parametrize("host", ["evil.example:8000", "localhost.evil.example:8000", "127.0.0.1.evil.example:80", ""])
def test_a_foreign_name_for_this_machine_reaches_neither_the_site_nor_aws(ready: Path, host: str) -> None:
    """An attacker's page under such a name has its own origin, so its GETs send no Origin. It could read emails."""
    assert ask(ready, "/_ministack/ses/messages", host=host)[0] == 421


@pytest.mark.parametrize("host", ["localhost:8000", "bucket.localhost:8000", "[::1]:8000", "host.docker.internal:8000"])
def test_aws_programs_use_several_names_for_this_machine(ready: Path, host: str) -> None:
    """A bucket's own, and that of containers."""
    assert ask(ready, host=host)[0] == 200
