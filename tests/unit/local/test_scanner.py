"""GitHub's secret scanning, as the local cloud plays it."""

import http.client
import json
import re
import ssl

from accounts import languages
from accounts.document_fetching.addresses import is_public
from accounts.model import api_keys, leak_reports, scanner_keys
from accounts.report_signatures import is_signed
from accounts.web.routes import KEY_REPORT
from local import scanner, scanner_page
from local.scanner import Scanner, Signer, listed, match, matches
from scripts.sam_local import made_up

KEY = made_up.VALUES["api_key"]


def test_it_is_where_the_service_looks_for_github() -> None:
    """And it knows the pattern and the route that integrators read about."""
    assert f"https://{scanner.HOST}{scanner.LIST}" == scanner_keys.URL
    assert scanner.PATTERN == api_keys.PATTERN
    assert KEY_REPORT.path == scanner.ROUTE


def test_it_offers_every_place_that_emails_can_name() -> None:
    named = {it.removeprefix("found_in.") for it in languages.read("en", "emails")["values"] if "found_in." in it}

    assert set(scanner_page.SOURCES) == {*named, "unknown"}


def test_the_service_reads_its_list() -> None:
    """A key that was retired is listed, but not current."""
    signer, retired = Signer.new(), Signer.new()

    assert scanner_keys.current(listed([signer], [retired])) == {signer.identifier: signer.pem}
    assert scanner_keys.is_identifier(signer.identifier)


def test_each_scanner_has_a_key_of_its_own() -> None:
    first, second = Scanner().signer, Scanner().signer

    assert first.identifier != second.identifier
    assert is_signed(first.pem, first.signature(b"[]"), b"[]")
    assert not is_signed(first.pem, second.signature(b"[]"), b"[]")


def test_a_scanner_that_has_not_started_plays_no_host() -> None:
    assert Scanner().hosts == ()


def test_a_private_key_is_not_printed() -> None:
    signer = Signer.new()

    assert repr(signer) == f"Signer(identifier='{signer.identifier}')"


def test_it_finds_each_key_of_a_text_once() -> None:
    """By the pattern alone: the service computes the checksum."""
    mistyped = f"{KEY[:-1]}0"
    found = matches(f"export KEY={KEY}\n'{KEY}' {mistyped} x{KEY} comfyui-short", "https://x.example/1", "commit")

    assert found == [match(KEY, "https://x.example/1", "commit"), match(mistyped, "https://x.example/1", "commit")]
    assert [it.label for it in leak_reports.matches(json.dumps(found).encode())] == ["true_positive", "false_positive"]


def test_it_serves_the_list_over_https_only_under_its_address() -> None:
    """With a certificate for GitHub's host, which only the function for documents trusts."""
    playing = Scanner()
    playing.start()
    try:
        (host,) = playing.hosts
        trusted = ssl.create_default_context(cadata=host.certificate.decode())
        answers = {path: _get(host.port, path, trusted) for path in (scanner.LIST, "/", f"{scanner.LIST}/")}
    finally:
        playing.stop()

    assert is_public(host.address)
    statuses = {path: status for path, (status, _) in answers.items()}
    assert statuses == {scanner.LIST: 200, "/": 404, f"{scanner.LIST}/": 404}
    assert scanner_keys.current(answers[scanner.LIST][1]) == {playing.signer.identifier: playing.signer.pem}
    assert playing.fetched == 1


def _get(port: int, path: str, trusted: ssl.SSLContext) -> tuple[int, str]:
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=trusted, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    found = answer.status, answer.read().decode()
    connection.close()
    return found


def test_the_page_shows_what_was_entered_as_text() -> None:
    """It may come from anywhere."""
    hostile = '"><script>alert(1)</script>'
    shown = scanner_page.page({"text": hostile, "url": hostile, "source": hostile})

    assert "<script" not in shown
    assert shown.count("&quot;&gt;&lt;script&gt;") == 2


def test_the_page_shows_the_report_and_the_answer_as_text() -> None:
    report = scanner.Report({"x": "<b>"}, b'["<i>"]', 401, b'{"message": "<u>"}')
    shown = scanner_page.outcome(report)

    assert re.findall(r"<[biu]>", shown) == []
    assert "The service answered 401" in shown
    assert "report again in a minute" in shown
