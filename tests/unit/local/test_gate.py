"""The gate that tells the site from the emulated AWS."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from local.gate import Gate, Message, PassedOn


async def _application(scope: Message, _receive: Any, send: Any) -> None:
    # As MiniStack does: a method that it knows is answered by itself.
    status = 403 if scope["method"] == "OPTIONS" else 200
    fields = [(b"method", json.dumps(scope["method"]).encode())]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": b"let through"})


def ask(
    ready: Path, path: str = "/", method: str = "GET", query: str = "", **headers: str
) -> tuple[int, dict[str, str]]:
    """Return the status and headers of one request."""
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
    """The mark that the site is deployed."""
    mark = tmp_path / "ready"
    mark.touch()
    return mark


def test_the_site_is_let_through_once_it_is_deployed(ready: Path) -> None:
    """A browser on the site may send any header."""
    assert ask(ready, host="127.0.0.1:8000", sec_fetch_site="same-origin")[0] == 200


def test_before_that_it_says_that_it_is_starting(tmp_path: Path) -> None:
    """With 503, so that whoever waits for the site waits on, and a browser tries again by itself."""
    status, headers = ask(tmp_path / "not-yet", host="127.0.0.1:8000")

    assert (status, headers["retry-after"], headers["refresh"]) == (503, "1", "1")


def test_the_emulators_controls_are_not_part_of_the_site(ready: Path) -> None:
    """One of them deletes every account."""
    assert ask(ready, "/_ministack/reset", "POST", host="127.0.0.1:8000")[0] == 404


def test_aws_programs_are_let_through(tmp_path: Path) -> None:
    """They deploy the site, so they cannot wait for it."""
    assert ask(tmp_path / "not-yet", method="POST", host="localhost:8000", authorization="AWS4-HMAC-SHA256 x")[0] == 200


def test_a_person_who_typed_localhost_is_sent_to_the_site(ready: Path) -> None:
    """With the path and the query that they typed."""
    browser = {"sec_fetch_site": "none", "sec_fetch_mode": "navigate"}
    status, headers = ask(ready, "/email/verify", query="a=1", host="localhost:8000", **browser)

    assert (status, headers["location"]) == (307, "http://127.0.0.1:8000/email/verify?a=1")


@pytest.mark.parametrize("header", [{"origin": "https://evil.example"}, {"sec_fetch_site": "cross-site"}])
def test_no_web_page_can_call_the_emulated_aws(ready: Path, header: dict[str, str]) -> None:
    """A form that posts to localhost would otherwise reset it."""
    assert ask(ready, "/_ministack/reset", "POST", host="localhost:8000", **header)[0] == 403


def test_preflights_of_the_site_are_handed_on(ready: Path) -> None:
    """To the routes, as OPTIONS: the emulator does not answer them itself. AWS's own it does."""
    assert ask(ready, "/customers", "OPTIONS", host="127.0.0.1:8000") == (200, {"method": '"OPTIONS"'})
    assert ask(ready, "/", "OPTIONS", host="localhost:8000")[0] == 403
    assert ask(ready, "/customers", "POST", host="127.0.0.1:8000") == (200, {"method": '"POST"'})


def test_a_method_that_is_handed_on_matches_no_route_by_its_name() -> None:
    """From either side of the comparison; written out it is what it was."""
    method, known = PassedOn("OPTIONS"), "OPTIONS"

    assert [method == known, known == method] == [False, False]
    assert [method != known, known != method] == [True, True]
    assert f"{method}" == "OPTIONS"


@pytest.mark.parametrize("host", ["evil.example:8000", "localhost.evil.example:8000", "127.0.0.1.evil.example:80", ""])
def test_a_name_that_a_stranger_points_here_is_neither_the_site_nor_aws(ready: Path, host: str) -> None:
    """Such a page is of its own origin, so its GETs say no origin; the mails, for one, have links to new passwords."""
    assert ask(ready, "/_ministack/ses/messages", host=host)[0] == 421


@pytest.mark.parametrize("host", ["localhost:8000", "bucket.localhost:8000", "[::1]:8000", "host.docker.internal:8000"])
def test_aws_programs_have_several_names_for_us(ready: Path, host: str) -> None:
    """A bucket's own, and that of containers."""
    assert ask(ready, host=host)[0] == 200
