"""Mailed links: each for one purpose, used up by a person and not by a scanner; a reset signs nobody in."""

import html
import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from accounts.web import routes
from tests.functions import expected
from tests.functions.away import SAMPLE_PROOF, SAMPLE_STATE, ProvidersAway, arrange_for
from tests.functions.conftest import NOW
from tests.functions.inventory import body_of, taking
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.people import Person, somebody
from tests.functions.requests import (
    SAMPLE_CHANGE_TOKEN,
    SAMPLE_LINK_TOKEN,
    SAMPLE_RESET_TOKEN,
    SAMPLE_TOKEN,
    at,
    request,
    sample,
)
from tests.functions.test_mail_delivery import links

# Where each token belongs.
BELONGS = {
    "email_verify": SAMPLE_LINK_TOKEN,
    "email_change_confirm": SAMPLE_CHANGE_TOKEN,
    "identity_confirm": SAMPLE_PROOF,
    "password_reset": SAMPLE_RESET_TOKEN,
}
OTHERS = (SAMPLE_STATE, SAMPLE_TOKEN)
# What a scanner, a preview or a prefetch does with an address that it finds in a mail.
LOOKS = ("GET", "GET", "GET", "HEAD", "HEAD", "OPTIONS")


def _arrange(functions: Lambdas) -> None:
    arrange_for(functions, "identity_confirm", NOW)
    functions.people.forget(Person())
    functions.people.move(Person())
    functions.people.wait(Person("WaitingAccount", "newcomer@example.com"), SAMPLE_LINK_TOKEN)


def _bring(functions: Lambdas, function: str, token: str) -> Answer:
    event = request(function, body=body_of(function) | {"token": token})
    return functions.invoke(function, event | {"cookies": sample(function).get("cookies", [])})


def test_every_function_that_takes_a_token_is_tried() -> None:
    """A new one is not served before its tokens are held apart from the others (TK-05)."""
    assert set(BELONGS) == set(taking("token"))


@pytest.mark.parametrize("function", BELONGS)
def test_a_token_is_worth_nothing_where_it_does_not_belong(functions: Lambdas, function: str) -> None:
    """Refused like one that never was; nothing is hashed, and nothing used up: the right one still works."""
    functions.afresh(lambda: _arrange(functions))
    before = functions.cloud.but_counters()
    unknown = _bring(functions, function, "x" * 43)
    for token in {*BELONGS.values(), *OTHERS} - {BELONGS[function]}:
        answer = _bring(functions, function, token)
        assert answer.read == unknown.read == expected.refusal(function, 400, "invalid_link")
        assert (answer.hashes, functions.cloud.but_counters()) == (0, before)

    assert _bring(functions, function, BELONGS[function]).status in (200, 204)


@pytest.mark.parametrize("token", BELONGS.values())
def test_a_token_is_no_other_secret(functions: Lambdas, providers: ProvidersAway, token: str) -> None:
    """Not a session, not a key, and not the state of a sign-in with a provider."""
    functions.afresh(lambda: _arrange(functions))
    before = functions.cloud.but_counters()
    shown = functions.invoke("session_show", request("session_show", cookie=token))
    opened = functions.invoke("account_show", request("account_show", key=token))
    back = providers.callback("google", f"state={token}&code=a-code", cookies={})

    assert shown.read == expected.refusal("session_show", 401, "not_authenticated")
    assert opened.read == expected.refusal("account_show", 401, "api_key_mistyped")
    assert (back.status, "<code>sign_in_expired</code>" in back.result["body"]) == (400, True)
    assert functions.cloud.but_counters() == before


def _mailed(functions: Lambdas, asking: str) -> dict[str, str]:
    """The link that such a request leads to: its path, and what its fragment says."""
    assert functions.invoke(asking, sample(asking)).status == 202
    functions.deliver_all()
    [address] = {link for mail in functions.cloud.mails() for link in links(mail) if "#token=" in link}
    found = dict(part.split("=") for part in urlsplit(html.unescape(address)).fragment.split("&"))
    functions.people.known.add(found["token"])
    return found | {"path": urlsplit(address).path}


def _look(functions: Lambdas, method: str, path: str, query: str = "") -> Any:
    """As the gateway would ask: whoever serves that path with that method, and else the fallback."""
    served = [route for route in routes.at(path) if route.method == method]
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
def test_looking_at_a_link_uses_nothing_up(functions: Lambdas, asking: str, home: str) -> None:
    """Scanners fetch it as often as they like; the person's own step works afterwards, once (TK-08)."""
    functions.people.arrange()
    link = _mailed(functions, asking)
    before = functions.cloud.tables()
    for method in LOOKS:
        for query in ("", f"token={link['token']}"):
            looked = _look(functions, method, link["path"], query)
            assert (looked.status == 200) == (method == "GET")
            assert (looked.calls, "set-cookie" in looked.result["headers"], looked.cookies) == ([], False, [])
    assert functions.cloud.tables() == before

    assert _bring(functions, home, link["token"]).status in (200, 204)
    assert _bring(functions, home, link["token"]).json["error"] == "invalid_link"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("home", BELONGS)
def test_only_a_post_uses_a_token(functions: Lambdas, method: str, home: str) -> None:
    """Whatever else is tried on the route itself, with the token in the query, changes nothing."""
    functions.afresh(lambda: _arrange(functions))
    before = functions.cloud.tables()
    path = sample(home)["rawPath"]
    # 403 where the path could be another route's that needs more.
    assert _look(functions, method, path, f"token={BELONGS[home]}").status in (403, 405)
    assert functions.cloud.tables() == before


def test_a_reset_signs_nobody_in_and_nobody_out_but_its_own_account(functions: Lambdas) -> None:
    """No cookie is set, whoever is signed in in this browser; the other account does not notice (TK-09)."""
    functions.people.as_sampled()
    other = functions.people.arrange(somebody("Other"))
    answer = functions.invoke("password_reset", request("password_reset", cookie=other.token))

    assert answer.read == expected.answer("password_reset", 204)
    left = [item["digest"]["S"] for item in functions.cloud.tables()["SessionsTable"]]
    assert left == [other.session_id]
    assert functions.invoke("session_show", request("session_show", cookie=other.token)).status == 200


def test_every_mailed_token_is_new(functions: Lambdas) -> None:
    """Forty-three characters of their own each time; the older one of an account is dead (TK-04)."""
    functions.people.arrange()
    for _ in range(3):
        functions.invoke("password_forgot", sample("password_forgot"))
    functions.deliver_all()
    tokens = [re.findall(r"#token=([\w-]{43})\b", str(mail))[0] for mail in functions.cloud.mails()]
    functions.people.known |= set(tokens)

    assert len(set(tokens)) == 3
    assert [_bring(functions, "password_reset", token).status for token in tokens] == [400, 400, 204]
