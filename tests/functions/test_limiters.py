"""``Route.limiters`` is true: what a route counts is what it declares, and a full counter refuses its requests."""

import json
from collections import defaultdict
from collections.abc import Iterator
from copy import replace
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, get_args

import pytest

from accounts import secrets
from accounts.dynamo.throttles import CounterItem, ThrottlesTable
from accounts.model.throttles import Bucket
from accounts.web import routes
from accounts.web.routes import AUTHORIZE, CLIENT_TOKEN, EMAIL_CODE_SEND, KEY_REPORT, ROUTES, Route
from tests.functions import lambdas, proofs
from tests.functions.away import away, page_event
from tests.functions.cloud import Call
from tests.functions.conftest import HERE, NOW
from tests.functions.lambdas import NAMES, Answer, Lambdas
from tests.functions.machines import Machine
from tests.functions.people import Person, a_key
from tests.functions.permission_stories import STORIES, a_while_later
from tests.functions.requests import SAMPLE_BROWSER, SAMPLE_OTHER_TOKEN, SAMPLE_TOKEN, request, sample
from tests.functions.stage import Act, Stage, Story

SERVED = {name: tuple(it for it in (*ROUTES, AUTHORIZE) if it.function == name) for name in NAMES}
FUNCTIONS = tuple(name for name, served in SERVED.items() if served)
# What the mailer counts, by recipient or account.
OF_EMAILS = {
    *("notice", "new-network"),
    *("sign-up-mail-of", "sign-up-mail", "reset-mail-of", "reset-mail", "reset-mail-known"),
}

# What refuses nothing: the owner is emailed about every third.
ONLY_TOLD = {"factor-failed"}

TOO_MANY = "429 excess_rate_limit_exceeded"
REFUSALS: dict[Route, set[str]] = {
    CLIENT_TOKEN: {TOO_MANY, "400 excess_device_polls"},
    # While GitHub's list may not be fetched again, no one can say that a key is unknown.
    KEY_REPORT: {TOO_MANY, "503 sys_unavailable"},
    # API Gateway answers for the authorizer.
    AUTHORIZE: {"denied excess_rate_limit_exceeded"},
}


def starting_at_a_provider(stage: Stage) -> Act:
    stage.arrange()
    return lambda: stage.providers.start("github")


def proving_oneself_at_a_provider(stage: Stage) -> Act:
    stage.arrange()
    event = page_event("POST", "/auth/{provider}/reauthenticate", "github", "")
    own = {"origin": "https://accounts.example.com", "sec-fetch-site": "same-origin"}
    event |= {"cookies": [f"__Host-session={SAMPLE_TOKEN}"], "body": "{}"}
    event["headers"] |= own | {"content-type": "application/json"}
    return stage.sends(event)


def looking_at_a_programs_question(stage: Stage) -> Act:
    stage.arrange()
    return lambda: stage.program.shown(cookie=SAMPLE_TOKEN)


def looking_at_a_programs_question_without_a_session(stage: Stage) -> Act:
    return stage.program.shown


def entering_a_devices_code(stage: Stage) -> Act:
    stage.arrange()
    machine = Machine(stage.functions)
    _, user_code = machine.codes()
    return lambda: machine.typed(user_code)


def polling_with_a_device_code(stage: Stage) -> Act:
    stage.arrange()
    machine = Machine(stage.functions)
    device_code, _ = machine.codes()
    return lambda: machine.polls(device_code)


def verifying_a_key_that_does_not_exist(stage: Stage) -> Act:
    """Another service asks: it is not the caller's guess."""
    return stage.calls(
        headers={"x-comfy-admin-secret": sample("key_verify")["headers"]["x-comfy-admin-secret"]},
        body={"api_key": a_key("Nobodys")},
    )


def reading_the_current_workspace_with_an_unknown_key(stage: Stage) -> Act:
    return stage.sends(request("workspace_show", key=a_key("Nobodys")) | {"routeKey": "GET /api/workspaces/current"})


def reading_the_members_with_an_unknown_key(stage: Stage) -> Act:
    return stage.sends(request("workspace_show", key=a_key("Nobodys")) | {"routeKey": "GET /api/workspace/members"})


def with_an_unknown_key_in_place_of_any_credential(stage: Stage) -> Act:
    """A route that does not accept keys looks none up."""
    stage.arrange()
    return stage.calls(key=a_key("Nobodys"))


def with_an_unknown_session(stage: Stage) -> Act:
    return stage.calls(cookie=SAMPLE_OTHER_TOKEN)


def from_a_browser_that_the_account_does_not_know(stage: Stage) -> Act:
    stage.arrange()
    return stage.sends(proofs.from_an_unknown_browser(stage.function))


def with_a_proof_of_work(stage: Stage) -> Act:
    stage.arrange()
    event = proofs.from_an_unknown_browser(stage.function)
    proofs.use_up_the_free_limits(event)
    asked = stage.functions.invoke(stage.function, event).json
    return stage.sends(event | {"headers": event["headers"] | {"x-proof-of-work": proofs.solved(asked)}})


def where_new_browsers_are_confirmed(stage: Stage) -> Act:
    """The password is right, and a code is emailed."""
    stage.arrange()
    login = lambdas.module("login")
    confirming = replace(login.LOGIN, confirmation=login.DEPLOYMENT.browser_confirmation)
    stage.patch.setattr(login, "LOGIN", confirming)
    return stage.sends(proofs.from_an_unknown_browser("login"))


def _waiting_for_its_code(functions: Lambdas, person: Person) -> None:
    functions.people.begin_login(person, SAMPLE_OTHER_TOKEN, known=False, emailed="123456")


def with_an_emailed_code(stage: Stage) -> Act:
    stage.arrange(_waiting_for_its_code)
    event = sample("factor_login") | {"cookies": [f"__Host-login={SAMPLE_OTHER_TOKEN}"], "body": '{"code": "000000"}'}
    return stage.sends(event)


def asking_for_another_code(stage: Stage) -> Act:
    stage.arrange(_waiting_for_its_code)
    event = sample("factor_login") | {"cookies": [f"__Host-login={SAMPLE_OTHER_TOKEN}"], "body": ""}
    return stage.sends(event | {"routeKey": EMAIL_CODE_SEND.keys[0]})


FURTHER: dict[str, tuple[Story, ...]] = {
    "login": (
        from_a_browser_that_the_account_does_not_know,
        with_a_proof_of_work,
        where_new_browsers_are_confirmed,
    ),
    "factor_login": (with_an_emailed_code, asking_for_another_code),
    "signup": (with_a_proof_of_work,),
    "email_resend": (with_a_proof_of_work,),
    "password_forgot": (with_a_proof_of_work,),
    "oauth_start": (starting_at_a_provider, proving_oneself_at_a_provider),
    "client_authorize": (looking_at_a_programs_question, looking_at_a_programs_question_without_a_session),
    "device_consent": (entering_a_devices_code,),
    "client_token": (polling_with_a_device_code,),
    "key_verify": (verifying_a_key_that_does_not_exist,),
    "workspace_show": (
        reading_the_current_workspace_with_an_unknown_key,
        reading_the_members_with_an_unknown_key,
    ),
}
OF_ALL: tuple[Story, ...] = (with_an_unknown_key_in_place_of_any_credential, with_an_unknown_session)


@dataclass
class Counting:
    """The buckets in which each route has counted, and in which the last invocation did, with its counters' keys."""

    by_route: dict[Route, set[str]] = field(default_factory=lambda: defaultdict(set))
    last: tuple[Route | None, set[str]] = (None, set())
    keys: set[str] = field(default_factory=set)

    def add(self, function: str, event: Any, calls: list[Call]) -> None:
        """Note what an invocation has counted."""
        self.keys = {key for call in calls for key in _counted(call)}
        found = {key.partition("#")[0] for key in self.keys}
        route = routes.named(event.get("routeKey", ""), SERVED[function]) if SERVED[function] else None
        self.last = route, found
        if route:
            self.by_route[route] |= found

    def fill(self, now: datetime) -> None:
        """Raise the counters of the last invocation beyond their limits, also those that it gave back."""
        table = ThrottlesTable("ThrottlesTable")
        for key in self.keys:
            full = [CounterItem.counted.set(1_000_000), CounterItem.raised_at.set(now), CounterItem.expires_at.set(now)]
            table.write_alone(table.update(key, full))


def _counted(call: Call) -> Iterator[str]:
    """The keys of the counters that a call to DynamoDB raises, alone or in a transaction. Clearing one is a Delete."""
    updates = [call.parameters] if call.name == "dynamodb.UpdateItem" else []
    if call.name == "dynamodb.TransactWriteItems":
        updates = [it["Update"] for it in call.parameters["TransactItems"] if "Update" in it]
    yield from (it["Key"]["counter"]["S"] for it in updates if it["TableName"] == "ThrottlesTable")


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Counting:
    """Sees every invocation of a function."""
    found, invoke = Counting(), Lambdas.invoke

    def seen(functions: Lambdas, function: str, event: Any) -> Answer:
        answer = invoke(functions, function, event)
        found.add(function, event, answer.calls)
        return answer

    monkeypatch.setattr(Lambdas, "invoke", seen)
    return found


def last_steps(functions: Lambdas, function: str) -> Iterator[Act]:
    """The last step of each story of the function, once everything that leads to it has happened."""
    told = [story for story in STORIES[function] if story is not a_while_later]
    for story in (*told, *FURTHER.get(function, ()), *OF_ALL):
        functions.cloud.empty_tables()
        functions.clock.now = NOW
        with away(functions) as providers, pytest.MonkeyPatch.context() as patch:
            yield story(Stage(functions, providers, patch, function))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_route_counts_in_the_buckets_that_it_declares_and_refuses_when_they_are_full(
    functions: Lambdas, counting: Counting, function: str
) -> None:
    """In each bucket and in no other. Correct ``limiters`` of the route, or add a story that counts there."""
    answers: dict[Route | None, set[str]] = defaultdict(set)
    for act in last_steps(functions, function):
        before = functions.cloud.copy_of_tables()
        act()
        functions.cloud.restore_tables(before)
        counting.fill(functions.clock.now)
        answer = act()
        route, counted = counting.last
        if counted:
            answers[route].add(f"{answer.result.get('statusCode', 'denied')} {answer.events[0]}")

    declared = {route: set(route.limiters) for route in SERVED[function]}
    assert {route: counting.by_route[route] for route in SERVED[function]} == declared
    refusals = {route: REFUSALS.get(route, {TOO_MANY}) for route in SERVED[function] if route.limiters}
    assert answers == refusals
    others = {route: found - set(route.limiters) for route, found in counting.by_route.items()}
    assert {route: undeclared for route, undeclared in others.items() if undeclared} == {}


def test_the_mailer_counts_emails_by_recipient(functions: Lambdas, counting: Counting) -> None:
    """Each kind that has a limit."""
    person = functions.people.as_sampled()
    browser = secrets.digest(SAMPLE_BROWSER)
    messages = [
        {"kind": "sign_up", "email": "waiting@example.com", "device": browser},
        {"kind": "password_forgot", "email": person.email},
        {"kind": "password_forgot", "email": person.email, "device": browser},
        {"kind": "password_set", "user_id": person.user_id, **HERE},
        {"kind": "api_key_new_network", "user_id": person.user_id, "detail": "laptop", "key_id": "0" * 64, **HERE},
    ]
    functions.deliver(*map(json.dumps, messages))

    assert counting.last == (None, OF_EMAILS)


def test_every_bucket_is_declared_by_a_route_or_counted_by_the_mailer() -> None:
    """A bucket that neither uses is left over."""
    declared = {bucket for route in (*ROUTES, AUTHORIZE) for bucket in route.limiters}

    assert declared | OF_EMAILS | ONLY_TOLD == set(get_args(Bucket))
    assert declared & (OF_EMAILS | ONLY_TOLD) == set()
