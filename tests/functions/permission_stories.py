"""For every permission of every function, a story that needs it. Each runs again without the permission and must fail.

A story arranges what it needs and returns its last step: one call of the function, which is made while the permission
is removed. Every function has its sample, and its sample some minutes later; the stories below cover the rest. To add
one, decorate it with ``@of("<function>")``. A function whose sample refers to more than ``People.as_sampled`` writes
has its own arrangement in ``stage``.
"""

import json
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pyotp

from accounts import secrets
from accounts.limits import API_KEYS_PER_ACCOUNT, PASSKEYS_PER_ACCOUNT, SESSIONS_PER_ACCOUNT
from accounts.model import held_keys, identities, second_factors, users
from accounts.model.identities import Identity
from accounts.web.routes import FACTOR_CONFIRM, FACTOR_RESET_CANCEL, RECOVERY_CODES_REPLACE
from tests.authenticators import Authenticator
from tests.functions import described, leaks, passkey_steps, proofs
from tests.functions.away import OWNER_OF_THE_EMAIL, query_of
from tests.functions.clients import query_of as query_of_client
from tests.functions.cloud import unreachable
from tests.functions.conftest import NOW
from tests.functions.expiry import expiring_key
from tests.functions.lambdas import NAMES, Answer, Lambdas
from tests.functions.people import TOTP_SECRET, Person, a_key
from tests.functions.requests import SAMPLE_BROWSER, SAMPLE_KEY, SAMPLE_OTHER_TOKEN, SAMPLE_TOKEN, request, sample
from tests.functions.stage import Act, Stage, Story
from tests.scanner import Scanner, match
from tests.unit.accounts.identity_providers.forgery import NONCE, claims

LATER = timedelta(minutes=6)
STORIES: dict[str, list[Story]] = defaultdict(list)


def of(*names: str) -> Callable[[Story], Story]:
    """Register a story for these functions."""

    def listed(story: Story) -> Story:
        for name in names:
            STORIES[name].append(story)
        return story

    return listed


@of(*NAMES)
def the_sample(stage: Stage) -> Act:
    stage.arrange()
    return stage.calls()


@of(*NAMES)
def a_while_later(stage: Stage) -> Act:
    """The activity of a session or key is recorded again."""
    stage.arrange()
    stage.functions.clock.now += LATER
    return stage.calls()


@of("login", "signup", "email_resend", "password_forgot")
def from_a_busy_source(stage: Stage) -> Act:
    """The response asks for a proof of work."""
    stage.arrange()
    event = proofs.from_an_unknown_browser(stage.function)
    proofs.use_up_the_free_limits(event)
    return stage.sends(event)


@of("account_open", "account_show", "workspace_show", "authorizer")
def with_a_session(stage: Stage) -> Act:
    """A cookie instead of a key; its activity is due to be recorded."""
    stage.arrange()
    stage.functions.clock.now += LATER
    return stage.calls(cookie=SAMPLE_TOKEN)


@of("account_open", "account_show", "workspace_show", "authorizer", "key_list", "key_delete")
def with_an_access_token(stage: Stage) -> Act:
    """Verified with the public keys."""
    stage.arrange()
    tokens = stage.program.login()
    return stage.calls(bearer=tokens["access_token"])


@of("account_open", "account_show", "workspace_show", "authorizer")
def with_an_unknown_key(stage: Stage) -> Act:
    """Guesses are counted."""
    stage.arrange()
    return stage.calls(key=a_key("Nobodys"))


@of("account_open", "account_show", "workspace_show", "authorizer", "key_verify")
def with_a_key_from_a_new_network(stage: Stage) -> Act:
    """The owner is notified."""
    stage.arrange()
    stage.functions.clock.now += LATER
    stage.functions.invoke("account_show", request("account_show", key=SAMPLE_KEY, source="192.0.2.7"))
    if stage.function == "key_verify":
        return stage.calls(body={"api_key": SAMPLE_KEY, "source": "203.0.113.9"})
    return stage.calls(key=SAMPLE_KEY, source="203.0.113.9")


@of("login", "reauthenticate", "oauth_callback", "email_verify", "identity_confirm")
def in_a_browser_with_a_session(stage: Stage) -> Act:
    """The old session ends: no session token outlives a login."""
    stage.arrange()
    event = sample(stage.function)
    event["cookies"] = [*event.get("cookies", []), f"__Host-session={SAMPLE_TOKEN}"]
    return stage.sends(event)


@of("login")
def from_a_new_browser(stage: Stage) -> Act:
    """The browser is remembered, and the owner is notified."""
    stage.arrange()
    return stage.calls(body=_body("login"))


@of("reauthenticate")
def from_a_browser_that_lost_its_cookie(stage: Stage) -> Act:
    """The browser is remembered again, and the owner is notified."""
    stage.arrange()
    return stage.calls(cookie=SAMPLE_TOKEN)


@of("login", "reauthenticate", "oauth_callback", "client_token")
def in_an_account_full_of_sessions(stage: Stage) -> Act:
    """The session that expires first makes room."""
    stage.arrange(_fill_with_sessions)
    return stage.calls()


@of("identity_confirm")
def of_an_email_that_has_an_account(stage: Stage) -> Act:
    """The identity is linked to that account, which is full, in a logged-in browser; its owner is notified."""
    stage.arrange(_open_the_account_of_the_email)
    return stage.calls()


@of("oauth_callback")
def of_a_new_person(stage: Stage) -> Act:
    """An account is created."""
    stage.arrange()
    stage.providers.google_says(nonce=NONCE, sub="4711", email="newcomer@example.com")
    return stage.calls()


@of("oauth_callback")
def linking_in_a_session_with_due_activity(stage: Stage) -> Act:
    person = stage.arrange()
    state = query_of(stage.providers.link("github"))["state"]
    stage.providers.github_says()
    stage.functions.clock.now += LATER
    return lambda: stage.providers.callback("github", f"state={state}&code=a-code", session=person.token)


@of("password_set", "identity_unlink")
def while_logged_in_elsewhere(stage: Stage) -> Act:
    """The other session ends."""
    stage.functions.people.login(stage.arrange(), SAMPLE_OTHER_TOKEN)
    return stage.calls()


@of("login", "reauthenticate", "oauth_callback")
def of_an_account_with_a_second_factor(stage: Stage) -> Act:
    """A pending login is stored."""
    stage.arrange(_link_google, _turn_on_the_second_factor)
    return stage.calls()


@of("login", "oauth_callback")
def of_an_account_whose_second_factor_is_reset(stage: Stage) -> Act:
    """With a passkey, which is removed. The owner is notified."""
    stage.arrange(_link_google, _reset_both_factors)
    return stage.calls()


@of("operator_factor_reset", "factor_change")
def to_cancel_a_reset(stage: Stage) -> Act:
    """The account changes, with a record, and the owner is notified."""
    stage.arrange(_request_a_reset)
    event = sample(stage.function)
    if stage.function == "factor_change":
        return stage.sends(event | {"routeKey": FACTOR_RESET_CANCEL.keys[0]})
    return stage.sends(event | {"cancel": "yes"})


@of("factor_change")
def while_logged_in_elsewhere_with_both_factors(stage: Stage) -> Act:
    """The other session ends."""
    stage.arrange(_fill_with_sessions_that_passed)
    return stage.calls()


@of("factor_login", "factor_change")
def with_a_code_of_the_app(stage: Stage) -> Act:
    """Its secret is decrypted."""
    stage.arrange()
    body = json.loads(sample(stage.function)["body"]) | {"code": pyotp.TOTP(TOTP_SECRET).at(NOW)}
    return stage.sends(sample(stage.function) | {"body": json.dumps(body)})


@of("factor_change")
def to_replace_the_recovery_codes(stage: Stage) -> Act:
    stage.arrange()
    event = sample("factor_change")
    return stage.sends(event | {"routeKey": RECOVERY_CODES_REPLACE.keys[0]})


@of("factor_login")
def to_replace_a_session(stage: Stage) -> Act:
    """The old session ends: no session token outlives a login."""
    stage.arrange()
    event = sample("factor_login")
    event["cookies"].append(f"__Host-session={SAMPLE_TOKEN}")
    return stage.sends(event)


@of("factor_login")
def in_a_browser_that_is_not_known(stage: Stage) -> Act:
    """The identity remembers it, and the owner is notified."""
    person = stage.arrange()
    stage.functions.people.begin_login(person, SAMPLE_OTHER_TOKEN, known=False)
    event = sample("factor_login")
    event["cookies"] = [f"__Host-login={SAMPLE_OTHER_TOKEN}"]
    return stage.sends(event)


@of("factor_login")
def with_an_emailed_code_when_passkeys_are_reset(stage: Stage) -> Act:
    """The code is used up, and the passkey is removed."""
    stage.arrange(_with_a_passkey_to_reset_and_a_code)
    event = sample("factor_login") | {"cookies": [f"__Host-login={SAMPLE_OTHER_TOKEN}"], "body": '{"code": "123456"}'}
    return stage.sends(event)


@of("factor_login")
def with_a_second_factor_in_an_account_full_of_sessions(stage: Stage) -> Act:
    """The session that expires first makes room."""
    stage.arrange(_fill_with_sessions_that_passed)
    return stage.calls()


@of("factor_set_up")
def to_confirm_the_second_factor(stage: Stage) -> Act:
    """The second of two requests: the code is checked, and other sessions end."""
    stage.arrange()
    begun = stage.calls()()
    body = {"setup": begun.json["setup"], "code": pyotp.TOTP(begun.json["secret"]).at(NOW)}
    event = request("factor_set_up", body=json.dumps(body), cookie=SAMPLE_TOKEN)
    event["headers"]["content-type"] = "application/json"
    event["routeKey"] = FACTOR_CONFIRM.keys[0]
    return stage.sends(event)


@of("passkey_create", "passkey_login", "passkey_reauthenticate")
def with_an_authenticator(stage: Stage) -> Act:
    """The second of two requests: the authenticator's response is checked."""
    person, device = stage.arrange(), Authenticator()
    if stage.function != "passkey_create":
        stage.functions.people.give_passkey(person, device)
    return stage.sends(passkey_steps.answered(stage.function, stage.calls()(), device))


@of("passkey_login")
def with_an_authenticator_and_a_session(stage: Stage) -> Act:
    """The old session ends: no session token outlives a login."""
    device = Authenticator()
    stage.functions.people.give_passkey(stage.arrange(), device)
    event = passkey_steps.answered(stage.function, stage.calls()(), device)
    event["cookies"].append(f"__Host-session={SAMPLE_TOKEN}")
    return stage.sends(event)


@of("passkey_login", "passkey_reauthenticate")
def with_a_copied_passkey(stage: Stage) -> Act:
    """It is recorded, and the owner is notified."""
    device = Authenticator(counter=5)
    stage.functions.people.give_passkey(stage.arrange(), device)
    return stage.sends(passkey_steps.answered(stage.function, stage.calls()(), device))


@of("passkey_login", "passkey_reauthenticate")
def with_a_passkey_in_an_account_full_of_sessions(stage: Stage) -> Act:
    """The session that expires first makes room."""
    device = Authenticator()
    stage.functions.people.give_passkey(stage.arrange(_fill_with_sessions), device)
    return stage.sends(passkey_steps.answered(stage.function, stage.calls()(), device))


@of("passkey_create")
def with_one_more_than_an_account_has(stage: Stage) -> Act:
    """The account is read to find the reason."""
    person, device = stage.arrange(), Authenticator()
    begun = stage.calls()()
    for _ in range(PASSKEYS_PER_ACCOUNT):
        stage.functions.people.give_passkey(person, Authenticator())
    return stage.sends(passkey_steps.answered(stage.function, begun, device))


@of("passkey_remove", "identity_unlink")
def with_passkeys_that_end_with_it(stage: Stage) -> Act:
    """They are read, to find those that were added in a login with it."""
    origin = passkey_steps.ends_with(stage.function)
    stage.functions.people.give_passkey(stage.arrange(), Authenticator(), origin)
    return stage.calls()


@of("account_delete", "operator_account_delete")
def of_an_account_with_a_passkey(stage: Stage) -> Act:
    """It is deleted, too."""
    stage.functions.people.give_passkey(stage.arrange(), Authenticator())
    return stage.calls()


@of("key_create")
def in_an_account_full_of_keys(stage: Stage) -> Act:
    """Its keys are read to find those that have expired, which are deleted."""
    stage.arrange(_fill_with_keys)
    return stage.calls()


@of("key_delete", "key_rotate", "key_update", "operator_key_revoke")
def of_a_key_that_was_rotated(stage: Stage) -> Act:
    """The account is read, to find both secrets."""
    stage.arrange()
    stage.functions.invoke("key_rotate", sample("key_rotate"))
    return stage.calls()


@of("key_delete", "key_rotate", "key_update")
def of_what_cannot_be_a_key(stage: Stage) -> Act:
    """Only the session is read."""
    stage.arrange()
    return stage.sends(sample(stage.function) | {"pathParameters": {"id": "none"}})


@of("key_delete")
def of_a_key_whose_first_secret_is_gone(stage: Stage) -> Act:
    """The account is read, and then the other."""
    stage.arrange()
    stage.functions.invoke("key_rotate", request("key_rotate", cookie=SAMPLE_TOKEN, body={"overlap_days": 0}))
    return stage.calls()


@of("key_update")
def of_a_restriction_that_is_lifted(stage: Stage) -> Act:
    """The owner is notified."""
    stage.arrange()
    stage.functions.invoke(
        "key_update", request("key_update", cookie=SAMPLE_TOKEN, body={"networks": ["192.0.2.0/24"]})
    )
    return stage.calls(cookie=SAMPLE_TOKEN, body={"networks": None})


@of("key_rotate")
def without_overlap(stage: Stage) -> Act:
    """The old secret is deleted."""
    stage.arrange()
    return stage.calls(cookie=SAMPLE_TOKEN, body={"overlap_days": 0})


@of("key_report")
def of_a_key_with_two_secrets(stage: Stage) -> Act:
    """The account is read, to delete both."""
    stage.arrange()
    stage.functions.invoke("key_rotate", sample("key_rotate"))
    scanner = Scanner()
    leaks.lists(stage.functions, scanner)
    return stage.sends(leaks.report(scanner, match(SAMPLE_KEY)))


@of("key_verify")
def with_an_invalid_secret(stage: Stage) -> Act:
    """Guesses are counted."""
    stage.arrange()
    return stage.calls(headers={"x-comfy-admin-secret": "guess"})


@of("operator_account_inspect")
def of_the_owner_of_a_key(stage: Stage) -> Act:
    """The operator has only the key."""
    return stage.sends(sample("operator_account_inspect") | {"name": stage.arrange().key_id})


@of("operator_account_enable")
def of_a_disabled_account(stage: Stage) -> Act:
    """An active account is left as it is."""
    stage.arrange()
    stage.functions.invoke("operator_account_disable", sample("operator_account_disable"))
    return stage.sends(sample("operator_account_enable"))


@of("mail_feedback")
def about_an_email_that_is_wanted(stage: Stage) -> Act:
    """SES's suppression list is changed."""
    stage.functions.cloud.suppressed = {stage.arrange().email: "COMPLAINT"}
    event = sample("mail_feedback")
    report = json.loads(event["Records"][0]["Sns"]["Message"])
    recipients = report["bounce"]["bouncedRecipients"]
    report |= {
        "eventType": "Complaint",
        "complaint": {"complaintFeedbackType": "not-spam", "complainedRecipients": recipients},
    }
    event["Records"][0]["Sns"]["Message"] = json.dumps(report)
    return stage.sends(event)


@of("key_expire")
def of_a_key_that_expires_soon(stage: Stage) -> Act:
    """Its owner is emailed."""
    stage.arrange()
    expiring_key(stage.functions)
    return stage.calls()


@of("key_expire")
def of_a_key_that_has_expired(stage: Stage) -> Act:
    """It is recorded."""
    stage.arrange()
    expiring_key(stage.functions)
    stage.functions.clock.now += timedelta(days=8)
    return stage.calls()


@of("mailer")
def about_a_forgotten_password(stage: Stage) -> Act:
    """A link is created and emailed."""
    body = json.dumps({"kind": "password_forgot", "email": stage.arrange().email})
    return lambda: stage.functions.deliver(body)


@of("mailer")
def about_a_sign_up(stage: Stage) -> Act:
    """A link with a copy of the sign-up is created and emailed."""
    stage.functions.people.sign_up(Person("WaitingAccount", "waiting@example.com"))
    body = {"kind": "sign_up", "email": "waiting@example.com", "device": secrets.digest(SAMPLE_BROWSER)}
    return lambda: stage.functions.deliver(json.dumps(body))


@of("mailer")
def about_a_change_of_address(stage: Stage) -> Act:
    """The account's address remembers the only valid link."""
    about = {"user_id": stage.arrange().user_id, "email": "moved@example.com", "at": NOW.isoformat()}
    return lambda: stage.functions.deliver(json.dumps({"kind": "email_change", **about}))


@of("mailer")
def about_failed_logins(stage: Stage) -> Act:
    """They are recorded, and the owner is emailed."""
    about = {"email": stage.arrange().email, "detail": "Firefox", "at": NOW.isoformat(), "source": "203.0.113.7"}
    return lambda: stage.functions.deliver(json.dumps({"kind": "logins_delayed", **about}))


@of("login")
def that_fails_for_the_fifth_time(stage: Stage) -> Act:
    """A notice is queued."""
    stage.arrange()
    body = _body("login") | {"password": "not the password of anybody"}
    for _ in range(4):
        stage.calls(body=body)()
    return stage.calls(body=body)


@of("mailer")
def that_could_not_be_sent_at_first(stage: Stage) -> Act:
    """The queue redelivers the message, which is not skipped as sent."""
    stage.arrange()

    def twice() -> Answer:
        stage.functions.cloud.failing["sesv2"] = unreachable
        stage.calls()()
        stage.functions.cloud.failing.clear()
        return stage.calls()()

    return twice


@of("key_report")
def of_a_key_that_exists(stage: Stage) -> Act:
    """It is deleted, and its owner is emailed. The list of keys is known."""
    stage.arrange()
    stage.calls()()
    scanner = Scanner()
    leaks.lists(stage.functions, scanner)
    return stage.sends(leaks.report(scanner, match(SAMPLE_KEY)))


@of("key_report")
def whose_email_is_still_owed(stage: Stage) -> Act:
    """The report comes again, and the note is deleted."""
    stage.arrange()
    scanner = Scanner()
    leaks.lists(stage.functions, scanner)
    event = leaks.report(scanner, match(SAMPLE_KEY))
    stage.functions.cloud.failing["sqs"] = unreachable
    stage.functions.invoke("key_report", event)
    stage.functions.cloud.failing.clear()
    return stage.sends(event)


@of("operator_key_revoke")
def of_a_leaked_key(stage: Stage) -> Act:
    """Its name is in the email."""
    stage.arrange()
    return stage.sends(sample("operator_key_revoke") | {"leaked": "yes"})


@of("client_metadata")
def of_the_public_keys(stage: Stage) -> Act:
    event = sample("client_metadata")
    event["rawPath"], event["routeKey"] = "/.well-known/jwks.json", "GET /.well-known/jwks.json"
    return stage.sends(event)


@of("client_revoke")
def by_its_access_token(stage: Stage) -> Act:
    """Verified with the public keys."""
    stage.arrange()
    tokens = stage.program.login()
    return stage.calls(body=urlencode({"client_id": "comfy-cli", "token": tokens["access_token"]}))


@of("client_token")
def by_a_refresh_token(stage: Stage) -> Act:
    stage.arrange()
    tokens = stage.program.login()
    return lambda: stage.program.refresh(tokens["refresh_token"])


@of("client_token")
def by_an_invalid_code(stage: Stage) -> Act:
    """Guesses are counted."""
    return lambda: stage.program.exchange("x" * 43)


def _with_a_document(stage: Stage) -> Lambdas:
    """The functions, with an account, and a client whose document can be fetched."""
    stage.arrange()
    described.publish(stage.functions)
    return stage.functions


@of("client_authorize")
def of_a_described_client(stage: Stage) -> Act:
    """Its document is fetched and kept."""
    functions = _with_a_document(stage)
    return lambda: described.Described(functions).shown(SAMPLE_TOKEN)


@of("client_authorize")
def for_a_described_client_whose_copy_is_old(stage: Stage) -> Act:
    functions = _with_a_document(stage)
    program = described.Described(functions)
    program.shown(SAMPLE_TOKEN)
    functions.clock.now += timedelta(seconds=60)
    return program.answered


@of("device_consent")
def of_a_described_device(stage: Stage) -> Act:
    """Its document is fetched and kept."""
    functions = _with_a_document(stage)
    machine = described.machine(functions)
    _, user_code = machine.codes()
    return lambda: machine.typed(user_code)


@of("device_consent")
def for_a_described_device_whose_copy_is_old(stage: Stage) -> Act:
    functions = _with_a_document(stage)
    machine = described.machine(functions)
    _, user_code = machine.codes()
    seen = machine.typed(user_code).json["client"]["document"]["fingerprint"]
    functions.clock.now += timedelta(seconds=60)
    return lambda: machine.answered(user_code, fingerprint=seen)


@of("client_token")
def by_a_described_client_whose_copy_is_old(stage: Stage) -> Act:
    """Its document is fetched again, and kept."""
    functions = _with_a_document(stage)
    program = described.Described(functions)
    program.shown(SAMPLE_TOKEN)
    functions.clock.now += timedelta(seconds=59)
    code = query_of_client(program.answered())["code"]
    functions.clock.now += timedelta(seconds=1)
    return lambda: program.exchange(code)


@of("client_token")
def when_the_other_key_signs(stage: Stage) -> Act:
    """The operator has rotated the signing keys."""
    stage.arrange()
    stage.patch.setenv("SIGN_WITH", "B")
    return stage.calls()


def _fill_with_sessions(functions: Lambdas, person: Person) -> None:
    user, ends = functions.people.accounts.get(person.user_id), functions.clock.now + LATER
    for number in range(len(user.sessions if user else ()), SESSIONS_PER_ACCOUNT):
        hold = users.AddSession(person.user_id, secrets.digest(str(number)), ends, SESSIONS_PER_ACCOUNT)
        functions.people.commit(hold)


def _fill_with_sessions_that_passed(functions: Lambdas, person: Person) -> None:
    """Of an account with a second factor."""
    user, now = functions.people.accounts.get(person.user_id), functions.clock.now
    approval = users.Approval(person.session_id, now)
    for number in range(len(user.sessions if user else ()), SESSIONS_PER_ACCOUNT):
        digest = secrets.digest(str(number))
        hold = users.AddSession(person.user_id, digest, now + LATER, SESSIONS_PER_ACCOUNT, approval=approval)
        functions.people.commit(hold)


def _link_google(functions: Lambdas, person: Person) -> None:
    """The subject of the callback's sample."""
    now = functions.clock.now
    key = identities.provider_key("google", claims(now)["sub"])
    linked = Identity(key, person.user_id, person.email, person.name, now, now, verified=True)
    functions.people.commit(identities.Claim(linked), users.AddIdentity(person.user_id, key, 10))


def _turn_on_the_second_factor(functions: Lambdas, person: Person) -> None:
    functions.people.give_second_factor(person)


def _request_a_reset(functions: Lambdas, person: Person) -> None:
    """It is due now."""
    user = functions.people.accounts.get(person.user_id)
    assert user is not None
    functions.people.commit(second_factors.SetReset(user, NOW))


def _with_a_passkey_to_reset_and_a_code(functions: Lambdas, person: Person) -> None:
    functions.people.give_passkey(person, Authenticator())
    _request_a_reset(functions, person)
    functions.people.begin_login(person, SAMPLE_OTHER_TOKEN, known=False, emailed="123456")


def _reset_both_factors(functions: Lambdas, person: Person) -> None:
    functions.people.give_passkey(person, Authenticator())
    functions.people.give_second_factor(person)
    _request_a_reset(functions, person)


def _fill_with_keys(functions: Lambdas, person: Person) -> None:
    for number in range(1, API_KEYS_PER_ACCOUNT):
        hold = held_keys.AddKey(person.user_id, secrets.digest(str(number)), API_KEYS_PER_ACCOUNT)
        functions.people.commit(hold)


def _open_the_account_of_the_email(functions: Lambdas, _: Person) -> None:
    owner = Person(OWNER_OF_THE_EMAIL, "waiting@example.com", token=SAMPLE_OTHER_TOKEN, key=a_key("Owners"))
    _fill_with_sessions(functions, functions.people.arrange(owner))


def _body(function: str) -> Any:
    return json.loads(sample(function)["body"])
