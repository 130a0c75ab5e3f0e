"""For every permission of every function, a story that needs it. Each is told once more without, and must fail.

A story arranges what it needs and hands back its last step: one call of the function it is about, made while the
permission is away. All functions have their sample, and their sample some minutes later; what else a function may do
is told below. To add one, write ``@of("<function>")`` over it, with a sentence that says when it happens. A function
whose sample speaks of more than ``People.as_sampled`` writes has an arrangement of its own in ``stage``.
"""

import json
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from accounts import secrets
from accounts.limits import API_KEYS_PER_ACCOUNT, SESSIONS_PER_ACCOUNT
from accounts.model import users
from tests.functions.away import query_of
from tests.functions.cloud import unreachable
from tests.functions.lambdas import NAMES, Answer, Lambdas
from tests.functions.people import Person, a_key
from tests.functions.requests import SAMPLE_OTHER_TOKEN, SAMPLE_TOKEN, sample
from tests.functions.stage import Act, Stage, Story
from tests.unit.accounts.identity_providers.forgery import NONCE

LATER = timedelta(minutes=6)
STORIES: dict[str, list[Story]] = defaultdict(list)


def of(*names: str) -> Callable[[Story], Story]:
    """A story of these functions."""

    def listed(story: Story) -> Story:
        for name in names:
            STORIES[name].append(story)
        return story

    return listed


@of(*NAMES)
def the_sample(stage: Stage) -> Act:
    """The event in events/."""
    stage.arrange()
    return stage.calls()


@of(*NAMES)
def a_while_later(stage: Stage) -> Act:
    """The activity of a session or key is written down again."""
    stage.arrange()
    stage.functions.clock.now += LATER
    return stage.calls()


@of("account_open", "account_show", "authorizer")
def with_a_session(stage: Stage) -> Act:
    """Whoever has no key may have a cookie; its activity is due."""
    stage.arrange()
    stage.functions.clock.now += LATER
    return stage.calls(cookie=SAMPLE_TOKEN)


@of("account_open", "account_show", "authorizer", "key_list", "key_delete")
def with_an_access_token(stage: Stage) -> Act:
    """Which is believed by the public keys."""
    stage.arrange()
    tokens = stage.program.login()
    return stage.calls(bearer=tokens["access_token"])


@of("account_open", "account_show", "authorizer")
def with_a_key_that_does_not_exist(stage: Stage) -> Act:
    """Guesses are counted."""
    stage.arrange()
    return stage.calls(key=a_key("Nobodys"))


@of("login", "reauthenticate", "oauth_callback", "email_verify", "identity_confirm")
def in_a_browser_with_a_session(stage: Stage) -> Act:
    """Which ends: no token outlives a log-in."""
    stage.arrange()
    event = sample(stage.function)
    event["cookies"] = [*event.get("cookies", []), f"__Host-session={SAMPLE_TOKEN}"]
    return stage.sends(event)


@of("login")
def from_a_new_browser(stage: Stage) -> Act:
    """It is remembered, and the owner is told."""
    stage.arrange()
    return stage.calls(body=_body("login"))


@of("reauthenticate")
def from_a_browser_that_lost_its_cookie(stage: Stage) -> Act:
    """It is remembered again, and the owner is told."""
    stage.arrange()
    return stage.calls(cookie=SAMPLE_TOKEN)


@of("login", "reauthenticate", "oauth_callback", "client_token")
def when_no_session_more_fits(stage: Stage) -> Act:
    """The one that would end first makes room."""
    stage.arrange(_fill_with_sessions)
    return stage.calls()


@of("identity_confirm")
def of_an_address_that_has_an_account(stage: Stage) -> Act:
    """The login is linked to it, full as it is, in a browser that is signed in; and its owner is told."""
    stage.arrange(_open_the_account_of_the_address)
    return stage.calls()


@of("oauth_callback")
def of_somebody_new(stage: Stage) -> Act:
    """An account is made."""
    stage.arrange()
    stage.providers.google_says(nonce=NONCE, sub="4711", email="newcomer@example.com")
    return stage.calls()


@of("oauth_callback")
def asked_by_a_session_a_while_ago(stage: Stage) -> Act:
    """A login is linked to the account that is signed in; the activity of its session is due."""
    person = stage.arrange()
    state = query_of(stage.providers.link("github"))["state"]
    stage.providers.github_says()
    stage.functions.clock.now += LATER
    return lambda: stage.providers.callback("github", f"state={state}&code=a-code", session=person.token)


@of("password_set")
def while_logged_in_elsewhere(stage: Stage) -> Act:
    """The other session ends."""
    stage.functions.people.login(stage.arrange(), SAMPLE_OTHER_TOKEN)
    return stage.calls()


@of("key_create")
def when_no_key_more_fits(stage: Stage) -> Act:
    """The account is asked why."""
    stage.arrange(_fill_with_keys)
    return stage.calls()


@of("key_verify")
def with_a_secret_that_is_none(stage: Stage) -> Act:
    """Guesses are counted."""
    stage.arrange()
    return stage.calls(headers={"x-comfy-admin-secret": "guess"})


@of("operator_account_inspect")
def of_whoever_owns_a_key(stage: Stage) -> Act:
    """The key is all that the operator has."""
    return stage.sends(sample("operator_account_inspect") | {"name": stage.arrange().key_id})


@of("mailer")
def about_a_forgotten_password(stage: Stage) -> Act:
    """A link is made and mailed."""
    body = json.dumps({"kind": "password_forgot", "email": stage.arrange().email})
    return lambda: stage.functions.deliver(body)


@of("mailer")
def that_could_not_be_sent_at_first(stage: Stage) -> Act:
    """The queue brings the message again, and it is not taken for one that was sent."""
    stage.arrange()

    def twice() -> Answer:
        stage.functions.cloud.failing["sesv2"] = unreachable
        stage.calls()()
        stage.functions.cloud.failing.clear()
        return stage.calls()()

    return twice


@of("client_metadata")
def of_the_public_keys(stage: Stage) -> Act:
    """Both are published."""
    event = sample("client_metadata")
    event["rawPath"], event["routeKey"] = "/.well-known/jwks.json", "GET /.well-known/jwks.json"
    return stage.sends(event)


@of("client_revoke")
def by_its_access_token(stage: Stage) -> Act:
    """Which is believed by the public keys."""
    stage.arrange()
    tokens = stage.program.login()
    return stage.calls(body=urlencode({"client_id": "comfy-cli", "token": tokens["access_token"]}))


@of("client_token")
def by_a_refresh_token(stage: Stage) -> Act:
    """It is exchanged for the next."""
    stage.arrange()
    tokens = stage.program.login()
    return lambda: stage.program.refresh(tokens["refresh_token"])


@of("client_token")
def by_a_code_that_is_none(stage: Stage) -> Act:
    """Guesses are counted."""
    return lambda: stage.program.exchange("x" * 43)


@of("client_token")
def when_the_other_key_signs(stage: Stage) -> Act:
    """The operator has rotated."""
    stage.arrange()
    stage.patch.setenv("SIGN_WITH", "B")
    return stage.calls()


def _fill_with_sessions(functions: Lambdas, person: Person) -> None:
    user, ends = functions.people.accounts.get(person.user_id), functions.clock.now + LATER
    for number in range(len(user.sessions if user else ()), SESSIONS_PER_ACCOUNT):
        hold = users.HoldSession(person.user_id, secrets.digest(str(number)), ends, SESSIONS_PER_ACCOUNT)
        functions.people.commit(hold)


def _fill_with_keys(functions: Lambdas, person: Person) -> None:
    for number in range(1, API_KEYS_PER_ACCOUNT):
        hold = users.HoldKey(person.user_id, secrets.digest(str(number)), API_KEYS_PER_ACCOUNT)
        functions.people.commit(hold)


def _open_the_account_of_the_address(functions: Lambdas, _: Person) -> None:
    owner = Person("OwnerOfTheAddress", "waiting@example.com", token=SAMPLE_OTHER_TOKEN, key=a_key("Owners"))
    _fill_with_sessions(functions, functions.people.arrange(owner))


def _body(function: str) -> Any:
    return json.loads(sample(function)["body"])
