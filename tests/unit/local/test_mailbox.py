"""The mailbox page."""

import http.client
import json
from collections.abc import Callable, Iterator
from urllib.parse import urlencode, urlsplit

import pytest

from local import scanner_page
from local.mailbox import Mail, Mailbox, as_json, as_text, page, version, walkthrough, with_links
from local.processes import free_port, loopback_addresses
from local.scanner import Report, Scanner, match
from scripts.sam_local import made_up

HOSTILE = "<script>alert(1)</script>"
SITE = "http://localhost:9000"
KEY = made_up.VALUES["api_key"]


def mail(**changes: object) -> Mail:
    """An email as MiniStack lists it."""
    usual = {"Source": "a@x.org", "To": ["b@x.org"], "Subject": "Hi", "BodyText": "Text", "BodyHtml": None}
    return {**usual, "Timestamp": 1.0, **changes}


@pytest.mark.parametrize("field", ["Source", "Subject", "BodyText", "BodyHtml"])
def test_nothing_in_an_email_becomes_part_of_the_page(field: str) -> None:
    """Not even the HTML part: it is an attribute of a sandboxed frame."""
    shown = page([mail(**{field: HOSTILE})])

    assert HOSTILE not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown


def test_an_html_part_is_in_a_frame_without_scripts_or_origin() -> None:
    """Its links may open in a new tab, nothing else."""
    shown = page([mail(BodyHtml='<a href="http://x">"quoted"</a>')])

    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in shown
    assert 'srcdoc="&lt;base target=_blank&gt;&lt;a href=&quot;http://x&quot;&gt;' in shown


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("go to http://127.0.0.1:8000/verify#token=a_b-c.", "http://127.0.0.1:8000/verify#token=a_b-c"),
        ("(https://x.org/?a=1&b=2)", "https://x.org/?a=1&amp;b=2"),
        ("<https://x.org/>", "https://x.org/"),
    ],
)
def test_an_address_is_a_link_without_the_punctuation_around_it(text: str, address: str) -> None:
    """A full stop after a token would break it."""
    assert f'<a href="{address}" rel="noreferrer">{address}</a>' in with_links(text)


def test_text_without_an_address_is_only_escaped() -> None:
    """A javascript: address is text."""
    assert with_links('javascript:alert("1") & <b>') == "javascript:alert(&quot;1&quot;) &amp; &lt;b&gt;"


def test_the_newest_email_is_first() -> None:
    shown = page([mail(Subject="older", Timestamp=1.0), mail(Subject="newer", Timestamp=2.0)])

    assert shown.index("newer") < shown.index("older")


def test_programs_read_emails_as_json_oldest_first() -> None:
    new, old = mail(Subject="newer", Timestamp=2.0), mail(Subject="older", Timestamp=1.0, BodyHtml="<p>hello</p>")

    assert json.loads(as_json([new, old])) == [
        {"to": old["To"], "subject": "older", "text": old["BodyText"], "html": "<p>hello</p>"},
        {"to": new["To"], "subject": "newer", "text": new["BodyText"], "html": new.get("BodyHtml")},
    ]


def test_emails_are_shown_as_plain_text() -> None:
    """For a terminal."""
    shown = mail(Subject="Confirm your address", To=["ann@example.com"], BodyText="Open this link.")

    assert as_text([shown]) == "To: ann@example.com\nSubject: Confirm your address\n\nOpen this link."


def test_a_new_email_changes_the_version() -> None:
    """The open page polls the version, and reloads when it differs."""
    assert version([]) != version([mail()]) != version([mail(), mail(Timestamp=2.0)])


def test_an_empty_mailbox_says_how_to_fill_it() -> None:
    """A blank page would look broken."""
    assert "Sign up" in page([])


@pytest.mark.parametrize("address", loopback_addresses())
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:{}", 200),
        ("127.0.0.1:{}", 200),
        ("[::1]:{}", 200),
        ("evil.example:{}", 421),
        ("127.0.0.1", 421),
        ("localhost", 421),
    ],
)
def test_a_foreign_name_for_this_machine_cannot_read_the_mailbox(address: str, host: str, status: int) -> None:
    """To a browser, an attacker's page under such a name has the mailbox's own origin."""
    port = free_port()
    box = Mailbox(port, list, SITE, Scanner())
    box.start()
    connection = http.client.HTTPConnection(address, port)
    connection.request("GET", "/", headers={"Host": host.format(port)})
    answered = connection.getresponse().status
    connection.close()
    box.stop()

    assert answered == status


def test_other_machines_cannot_reach_the_mailbox() -> None:
    """It listens on the loopback addresses only."""
    box = Mailbox(free_port(), list, SITE, Scanner())
    bound_to = [server.server_address[0] for server in box._servers]
    box.stop()

    assert bound_to == loopback_addresses()


def test_the_walk_through_has_the_addresses_of_this_site_and_mailbox() -> None:
    shown = walkthrough("http://localhost:9000", "http://localhost:9001")

    assert "SITE=http://localhost:9000\n" in shown
    assert "http://localhost:9001" in shown
    assert "localhost:800" not in shown


@pytest.mark.parametrize(
    ("path", "kind", "shown"),
    [
        ("/walkthrough", "text/html; charset=utf-8", lambda url: walkthrough(SITE, url)),
        ("/messages.txt", "text/plain; charset=utf-8", lambda _: as_text([mail()])),
        ("/messages.json", "application/json", lambda _: as_json([mail()])),
        ("/scanner", "text/html; charset=utf-8", lambda _: scanner_page.page({})),
        ("/", "text/html; charset=utf-8", lambda _: page([mail()])),
    ],
)
def test_each_view_is_a_page_of_the_mailbox(path: str, kind: str, shown: Callable[[str], str]) -> None:
    port = free_port()
    box = Mailbox(port, lambda: [mail()], SITE, Scanner())
    box.start()
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path)
    answer = connection.getresponse()
    answered = answer.headers["content-type"], answer.read().decode()
    connection.close()
    box.stop()

    assert answered == (kind, shown(f"http://localhost:{port}"))


class Recorder(Scanner):
    """Sends no report, but keeps it. The service answers with ``status``."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[str, list[dict[str, str]]]] = []
        self.status = 200

    def report(self, site_url: str, matches: list[dict[str, str]]) -> Report:
        if self.status == 0:
            raise ConnectionRefusedError
        self.sent.append((site_url, matches))
        return Report({}, b"[]", self.status, b'[{"label": "true_positive"}]')


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def box(recorder: Recorder) -> Iterator[Mailbox]:
    running = Mailbox(free_port(), list, SITE, recorder)
    running.start()
    yield running
    running.stop()


def posted(box: Mailbox, path: str, form: dict[str, str], **headers: str) -> tuple[int, str]:
    """What a browser or a program gets for the form."""
    connection = http.client.HTTPConnection(urlsplit(box.url).netloc)
    sent = {"content-type": "application/x-www-form-urlencoded"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("POST", path, urlencode(form), sent)
    answer = connection.getresponse()
    found = answer.status, answer.read().decode()
    connection.close()
    return found


FORM = {"text": f"KEY={KEY}", "url": "https://github.com/o/r/1", "source": "commit"}


def test_a_text_that_was_published_is_reported_to_the_site(box: Mailbox, recorder: Recorder) -> None:
    """A browser gets a page with the answer, a program the answer itself."""
    status, shown = posted(box, "/scanner", FORM, sec_fetch_site="same-origin")
    assert (status, "The service answered 200" in shown, KEY in shown) == (200, True, True)
    assert posted(box, "/scanner.json", FORM) == (200, '[{"label": "true_positive"}]')

    assert recorder.sent == [(SITE, [match(KEY, FORM["url"], "commit")])] * 2


def test_a_refused_report_is_shown(box: Mailbox, recorder: Recorder) -> None:
    recorder.status = 503

    assert posted(box, "/scanner.json", FORM)[0] == 503
    assert "GitHub would send this report again" in posted(box, "/scanner", FORM)[1]


def test_a_text_without_a_key_is_not_reported(box: Mailbox, recorder: Recorder) -> None:
    status, shown = posted(box, "/scanner", {"text": "comfyui-short"})
    assert (status, scanner_page.NO_KEY in shown) == (200, True)
    assert posted(box, "/scanner.json", {}) == (400, json.dumps({"message": scanner_page.NO_KEY}))

    assert recorder.sent == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"host": "evil.example"}, 421),
        ({"content_length": "2000001"}, 413),
        ({"content_length": "-1"}, 413),
    ],
)
def test_another_site_cannot_report(box: Mailbox, recorder: Recorder, headers: dict[str, str], status: int) -> None:
    """Nor send bytes without an end."""
    assert posted(box, "/scanner", FORM, **headers)[0] == status
    assert recorder.sent == []


def test_emails_are_read_only(box: Mailbox) -> None:
    assert posted(box, "/", FORM)[0] == 404


def test_a_site_that_does_not_answer_is_told(box: Mailbox, recorder: Recorder) -> None:
    recorder.status = 0

    assert posted(box, "/scanner", FORM)[0] == 503
