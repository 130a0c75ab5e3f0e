"""What is written down: the list of events, the code that writes them, and the price of what is counted."""

import ast
from collections.abc import Iterator
from itertools import chain

import pytest

from accounts import errors
from accounts.events import EVENTS
from accounts.flows.mail import mail_feedback, mailing
from accounts.model import providers
from accounts.web.routes import AUTHORIZE, ROUTES
from accounts.web.texts import catalogue
from benchmarks.prices import PRICES
from scripts import event_list
from tests.guards import project

# In US dollars for one metric with one set of dimensions, each month in which it is written all the time.
METRIC_PRICE = PRICES["metric"].dollars
MOST_A_MONTH = 12.30
# What the owner of an account cannot see: it is gone.
_UNSEEN = {"user_deleted"}


def _kinds(kind: type[errors.AccountsError]) -> Iterator[type[errors.AccountsError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _kinds(below)


def _calls(*names: str) -> Iterator[ast.Call]:
    """Every call of a function or class of one of these names, ``module.name`` or bare."""
    for path in (*project.MODULES, *project.HANDLERS):
        for node in ast.walk(project.parsed(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in names:
                yield node


def _records() -> dict[str, set[str]]:
    """The audit records that the code makes, with the names in their details."""
    found: dict[str, set[str]] = {name: set() for name in mail_feedback.EVENTS.values()}
    for call in _calls("Record"):
        match call.args:
            case [_, ast.Constant(value=str(name)), _, _, *detail]:
                found.setdefault(name, set()).update(chain.from_iterable(map(_named, detail)))
    for call in _calls("request.record"):
        told = {keyword.arg for keyword in call.keywords if keyword.arg}
        found.setdefault(_constant(call), set()).update({"by", "operator"} | told)
    return found


def _constant(call: ast.Call) -> str:
    assert isinstance(call.args[0], ast.Constant), "an event is written as a constant, so that it can be read here"
    return str(call.args[0].value)


def _named(detail: ast.expr) -> set[str]:
    if isinstance(detail, ast.Dict):
        return {str(key.value) for key in detail.keys if isinstance(key, ast.Constant)}
    assert ast.unparse(detail) == "detail", "a detail is written as a dictionary, so that it can be read here"
    return {"method", "session", "client"}


def _logged() -> set[str]:
    """Every event of a log line: of routes, refusals, emails, and of calls that name it."""
    told = {it.args[0].value for it in _calls("telemetry.record", "record") if isinstance(it.args[0], ast.Constant)}
    delivered = {mailing.SENT, mailing.NOBODY_TO_TELL, mailing.LIMIT_REACHED, mailing.UNDELIVERABLE}
    other = {mail_feedback.WANTED, mail_feedback.NOT_MARKED, mail_feedback.KNOWN, mail_feedback.UNKNOWN_ADDRESS}
    reported = {*mail_feedback.MARKED.values(), *other}
    refused = {"report_refused", "report_failed", "report_ignored", "bounced_for_now"}
    return (
        {route.event for route in (*ROUTES, AUTHORIZE)}
        | {kind.event for kind in _kinds(errors.AccountsError) if kind.__module__ == errors.__name__}
        | {f"mail_{outcome}" for outcome in delivered | reported | refused}
        | {name for name in told if isinstance(name, str)}
    )


def test_every_event_that_is_written_is_listed_and_the_reverse() -> None:
    """A name that is in one place only is a slip of the pen, and a query for it finds nothing."""
    assert sorted(_logged() | set(_records())) == sorted(EVENTS)


def test_every_record_says_its_event_where_it_can_be_read() -> None:
    """Written as a constant; the three exceptions take it from a table, an item, or an operator's request."""
    unread = [ast.unparse(call) for call in _calls("Record") if not isinstance(call.args[1], ast.Constant)]
    known = ("EVENTS[problem]", "item.event", "audit.NO_CALLER, detail")
    assert [text for text in unread if not any(words in text for words in known)] == []


def test_what_is_kept_in_audit_records_is_listed_with_its_detail() -> None:
    """Each event of an audit record is listed with exactly the details that are written."""
    assert _records() == {name: set(event.detail) for name, event in EVENTS.items() if event.kept}


def test_the_account_page_has_words_for_every_audit_record() -> None:
    """What a person is shown is never "something changed"."""
    said = {key.removeprefix("event.") for key in catalogue("en", {}) if key.startswith("event.")}
    # A client's login has a text of its own.
    assert said - {"other", "program"} == {name for name, event in EVENTS.items() if event.kept} - _UNSEEN


def test_metrics_cost_little() -> None:
    """CloudWatch takes its price for each metric with each set of dimensions: their number is known beforehand."""
    assert sum(len(event.counted) for event in EVENTS.values()) * METRIC_PRICE <= MOST_A_MONTH


def test_every_provider_is_counted() -> None:
    """Or its people would be missing where everybody looks."""
    assert set(EVENTS["authn_login_success"].counted) == {"password", "passkey", *providers.NAMES}
    assert EVENTS["authn_provider_fail"].counted == tuple(sorted(providers.NAMES, reverse=True))


def test_the_list_holds_names_and_sentences() -> None:
    """Names in lower case with underscores, and descriptions of one line."""
    assert [name for name in EVENTS if not name.replace("_", "").isalpha() or name != name.lower()] == []
    assert [it.when for it in EVENTS.values() if "|" in it.when or "\n" in it.when or len(it.when) > 110] == []


def test_the_document_lists_every_event() -> None:
    """`make events` writes the table."""
    document = event_list.DOCUMENT.read_text(encoding="utf-8")
    assert event_list.written(document) == document, "run `make events`"


@pytest.mark.parametrize("document", ["", event_list.BEGIN, event_list.END + event_list.BEGIN])
def test_a_document_without_the_marks_is_left_alone(document: str) -> None:
    """Nothing is overwritten that is not marked."""
    with pytest.raises(ValueError, match="no table between"):
        event_list.written(document)
