"""Emailed links: each has one purpose and is used only by a POST; a reset does not log in."""

import html
import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from accounts.web import routes
from tests.functions import expected
from tests.functions.away import SAMPLE_PROOF, SAMPLE_STATE, EmulatedProviders, arrange_for
from tests.functions.conftest import NOW
from tests.functions.inventory import body_of, taking
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.people import Person, another_person
from tests.functions.requests import (
    SAMPLE_BROWSER,
    SAMPLE_CHANGE_TOKEN,
    SAMPLE_LINK_TOKEN,
    SAMPLE_RESET_TOKEN,
    SAMPLE_TOKEN,
    at,
    request,
    sample,
)
from tests.functions.test_mail_delivery import links

# The function that accepts each token.
ACCEPTED_BY = {
    "email_verify": SAMPLE_LINK_TOKEN,
    "email_change_confirm": SAMPLE_CHANGE_TOKEN,
    "identity_confirm": SAMPLE_PROOF,
    "password_reset": SAMPLE_RESET_TOKEN,
}
OTHERS = (SAMPLE_STATE, SAMPLE_TOKEN)
# The requests of scanners, previews and prefetches for a link in an email.
SCANS = ("GET", "GET", "GET", "HEAD", "HEAD", "OPTIONS")


def _arrange(functions: Lambdas) -> None:
    arrange_for(functions, "identity_confirm", NOW)
    functions.people.store_reset_link(Person())
    functions.people.store_change_link(Person())
    functions.people.sign_up(Person("WaitingAccount", "newcomer@example.com"), SAMPLE_LINK_TOKEN)


def _present(functions: Lambdas, function: str, token: str) -> Answer:
    event = request(function, body=body_of(function) | {"token": token})
    return functions.invoke(function, event | {"cookies": sample(function).get("cookies", [])})


def test_every_function_that_takes_a_token_is_listed() -> None:
    """A new function must be added, so that its tokens are tested against the others (TK-05)."""
    assert set(ACCEPTED_BY) == set(taking("token"))


@pytest.mark.parametrize("function", ACCEPTED_BY)
def test_a_token_of_another_purpose_is_refused(functions: Lambdas, function: str) -> None:
    """Like an unknown one. Nothing is hashed or consumed, and the right one still works."""
    functions.restore(lambda: _arrange(functions))
    before = functions.cloud.but_counters()
    unknown = _present(functions, function, "x" * 43)
    for token in {*ACCEPTED_BY.values(), *OTHERS} - {ACCEPTED_BY[function]}:
        answer = _present(functions, function, token)
        assert answer.read == unknown.read == expected.refusal(function, 400, "invalid_link")
        assert (answer.hashes, functions.cloud.but_counters()) == (0, before)

    assert _present(functions, function, ACCEPTED_BY[function]).status in (200, 204)


@pytest.mark.parametrize("token", ACCEPTED_BY.values())
def test_a_token_does_not_work_as_another_secret(functions: Lambdas, providers: EmulatedProviders, token: str) -> None:
    """As a session, as a key, or as the state of a provider login."""
    functions.restore(lambda: _arrange(functions))
    before = functions.cloud.but_counters()
    shown = functions.invoke("session_show", request("session_show", cookie=token))
    opened = functions.invoke("account_show", request("account_show", key=token))
    back = providers.callback("google", f"state={token}&code=a-code", cookies={})

    assert shown.read == expected.refusal("session_show", 401, "not_authenticated")
    assert opened.read == expected.refusal("account_show", 401, "api_key_mistyped")
    assert (back.status, "<code>sign_in_expired</code>" in back.result["body"]) == (400, True)
    assert functions.cloud.but_counters() == before


def _emailed_link(functions: Lambdas, asking: str) -> dict[str, str]:
    """The path and the fragment's parameters of the link that the request has emailed."""
    assert functions.invoke(asking, sample(asking)).status == 202
    functions.deliver_all()
    [address] = {link for mail in functions.cloud.mails() for link in links(mail) if "#token=" in link}
    found = dict(part.split("=") for part in urlsplit(html.unescape(address)).fragment.split("&"))
    functions.people.known.add(found["token"])
    return found | {"path": urlsplit(address).path}


def _fetch(functions: Lambdas, method: str, path: str, query: str = "") -> Any:
    """As the gateway routes it: to the path's function for that method, or to the fallback."""
    served = [route for route in routes.at(path) if method in route.methods]
    event = at(path, method) | {"rawQueryString": query}
    event["routeKey"] = f"{method} {served[0].path}" if served else "$default"
    return functions.invoke(served[0].function if served else "fallback", event)


@pytest.mark.parametrize(
    ("asking", "home"),
    [
        ("signup", "email_verify"),
        ("password_forgot", "password_reset"),
        ("email_change", "email_change_confirm"),
    ],
)
def test_fetching_a_link_consumes_nothing(functions: Lambdas, asking: str, home: str) -> None:
    """Scanners may fetch it repeatedly; the person can use it afterwards, once (TK-08)."""
    functions.people.arrange()
    link = _emailed_link(functions, asking)
    before = functions.cloud.tables()
    for method in SCANS:
        for query in ("", f"token={link['token']}"):
            fetched = _fetch(functions, method, link["path"], query)
            assert (fetched.status == 200) == (method in {"GET", "HEAD"})
            assert (fetched.calls, "set-cookie" in fetched.result["headers"], fetched.cookies) == ([], False, [])
    assert functions.cloud.tables() == before

    assert _present(functions, home, link["token"]).status in (200, 204)
    assert _present(functions, home, link["token"]).json["error"] == "invalid_link"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("home", ACCEPTED_BY)
def test_only_a_post_uses_a_token(functions: Lambdas, method: str, home: str) -> None:
    """Other methods on the same path, with the token in the query, change nothing."""
    functions.restore(lambda: _arrange(functions))
    before = functions.cloud.tables()
    path = sample(home)["rawPath"]
    # 403 where the path matches another route, which needs more.
    assert _fetch(functions, method, path, f"token={ACCEPTED_BY[home]}").status in (403, 405)
    assert functions.cloud.tables() == before


def test_a_reset_neither_logs_in_nor_ends_another_accounts_sessions(functions: Lambdas) -> None:
    """No session is opened; another account that is logged in in this browser stays logged in (TK-09)."""
    functions.people.as_sampled()
    other = functions.people.arrange(another_person("Other"))
    event = request("password_reset", cookie=other.token, browser=SAMPLE_BROWSER)
    answer = functions.invoke("password_reset", event)

    assert answer.read == expected.answer("password_reset", 204)
    left = [item["digest"]["S"] for item in functions.cloud.tables()["SessionsTable"]]
    assert left == [other.session_id]
    assert functions.invoke("session_show", request("session_show", cookie=other.token)).status == 200


def test_every_emailed_token_is_new(functions: Lambdas) -> None:
    """Each has 43 new characters, and the first that is used ends the others (TK-04)."""
    functions.people.arrange()
    for _ in range(3):
        functions.invoke("password_forgot", sample("password_forgot"))
    functions.deliver_all()
    tokens = [re.findall(r"#token=([\w-]{43})\b", str(mail))[0] for mail in functions.cloud.mails()]
    functions.people.known |= set(tokens)

    assert len(set(tokens)) == 3
    assert [_present(functions, "password_reset", token).status for token in tokens] == [204, 400, 400]
