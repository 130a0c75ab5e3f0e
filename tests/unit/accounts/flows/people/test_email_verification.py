"""Confirming an address needs both the email and the password of the sign-up; one of them is not enough."""

from copy import replace

import pytest

from accounts import secrets
from accounts.errors import (
    AddressConfirmed,
    InvalidCredentials,
    InvalidInput,
    InvalidLink,
    PasswordRequired,
    TooManyAttempts,
)
from accounts.flows.mail.mailing import NOBODY_TO_TELL
from accounts.flows.people.authentication import SESSION, Credential
from accounts.flows.people.session_opening import LoggedIn
from accounts.limits import CONFIRMATIONS_PER_ADDRESS_PER_MINUTE
from accounts.model.audit import Record
from accounts.model.identities import Identity
from accounts.model.one_time_tokens import EMAIL_VERIFICATION, Issue, OneTimeToken, token_key
from accounts.model.users import User
from tests.unit.accounts.stage import (
    EMAIL,
    NOW,
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    Interleaved,
    Service,
    cookie,
    counted,
    failures,
    held,
    later,
)


def confirm(service: Service, token: str, password: str = PASSWORD) -> LoggedIn:
    """The owner opens the link an hour later and enters a password."""
    return service.email_verification.confirm(token, password, None, OWNER, later(hours=1))


def nothing_was_confirmed(service: Service) -> bool:
    """Whether there is no account, no session and no confirmed address."""
    confirmed = [identity for identity in service.world.identities.values() if identity.verified]
    return not (service.world.users or service.world.sessions or confirmed)


def test_link_and_password_create_the_account_and_log_its_owner_in(service: Service) -> None:
    """In one transaction: address verified, account created, session opened, link consumed, and recorded."""
    token = service.signed_up()

    logged_in = confirm(service, token)

    session, at = logged_in.session, later(hours=1)
    identity = Identity(
        key=f"email#{EMAIL}",
        user_id=session.user_id,
        email=EMAIL,
        name="Olive",
        created_at=at,
        updated_at=at,
        password_hash=f"fake:{PASSWORD}",
        verified=True,
        streak=1,
        known_streak=1,
        known_browsers=(OWNER.known_browser,),
    )
    user = User(
        user_id=session.user_id,
        email=EMAIL,
        name="Olive",
        created_at=at,
        updated_at=at,
        sessions={session.digest: session.expires_at},
        identities=frozenset({identity.key}),
    )
    assert (service.world.users, service.world.identities) == ({user.user_id: user}, {identity.key: identity})
    assert len(user.user_id) == 28
    assert service.world.sessions == {secrets.digest(logged_in.token): session}
    assert service.world.tokens == {}
    serials = [record.serial for record in service.world.records]
    assert service.world.records == [
        Record(session.user_id, "email_verified", later(hours=1), session.caller, serial=serials[0]),
        Record(
            session.user_id,
            "authn_login_success",
            later(hours=1),
            session.caller,
            {"method": "password", "session": session.digest},
            serials[1],
        ),
    ]


def test_a_confirmation_is_counted_once(service: Service) -> None:
    """In the window of confirmations, and in the link's own streak, which ends with the link."""
    confirm(service, service.signed_up())

    assert counted(service) == {
        "streak": 1,
        "mail/3600": 1,
        "mail/3600 part_0": 1,
        "sign-up-mail-of/21600": 1,
        "sign-up-mail/21600": 1,
        "confirm/60": 1,
    }


def test_a_wrong_password_does_not_consume_the_link(service: Service) -> None:
    """A typo costs an attempt, not the link; the error lists the other possible reasons."""
    token = service.signed_up()
    with pytest.raises(InvalidCredentials) as refusal:
        confirm(service, token, OTHER_PASSWORD)

    assert refusal.value.message.startswith("This isn't the password that you chose")
    assert nothing_was_confirmed(service)
    assert confirm(service, token).identity.verified


def confirm_in_browser(service: Service, token: str, proof: str) -> LoggedIn:
    """The owner opens the link in the browser that has this cookie, and enters no password."""
    digest = secrets.digest(proof) if proof else ""
    return service.email_verification.confirm(token, "", None, OWNER, later(hours=1), proof=digest)


def test_the_browser_that_signed_up_needs_no_password(service: Service) -> None:
    """Its cookie and the link create the account, without a hash; the password is that of the sign-up."""
    proof = service.signup.start(EMAIL, PASSWORD, "Olive", OWNER, NOW).proof
    token = service.mailed_token()
    service.hasher.calls = 0
    logged_in = confirm_in_browser(service, token, proof)

    assert (logged_in.identity.password_hash, logged_in.session.method) == (f"fake:{PASSWORD}", "password")
    assert (service.hasher.calls, service.world.tokens) == (0, {})
    with pytest.raises(InvalidLink):
        confirm_in_browser(service, token, proof)


def test_a_link_sent_again_belongs_to_the_same_sign_up(service: Service) -> None:
    proof = service.signup.start(EMAIL, PASSWORD, "Olive", OWNER, NOW).proof
    service.resend.ask(EMAIL, OWNER, NOW)

    assert confirm_in_browser(service, service.mailed_token(), proof).identity.verified


@pytest.mark.parametrize("proof", ["", "x" * 43])
def test_another_browser_needs_the_password(service: Service, proof: str) -> None:
    """Nothing changes; then the password works. A link of a version without proofs has none that matches."""
    token = service.signed_up()
    older = service.signed_up()
    key = token_key(EMAIL_VERIFICATION, secrets.digest(older))
    without = {name: value for name, value in service.world.tokens[key].data.items() if name != "proof"}
    service.world.tokens[key] = replace(service.world.tokens[key], data=without)
    for link in (token, older):
        with pytest.raises(PasswordRequired):
            confirm_in_browser(service, link, proof)

    assert nothing_was_confirmed(service)
    assert confirm(service, older).identity.verified


def test_a_wrong_password_is_refused_in_the_browser_that_signed_up(service: Service) -> None:
    """What the owner enters is checked."""
    proof = service.signup.start(EMAIL, PASSWORD, "Olive", OWNER, NOW).proof
    token = service.mailed_token()
    with pytest.raises(InvalidCredentials):
        service.email_verification.confirm(token, OTHER_PASSWORD, None, OWNER, NOW, proof=secrets.digest(proof))

    assert nothing_was_confirmed(service)


def test_a_link_works_once(service: Service) -> None:
    """The second use opens no second session (TK-02)."""
    token = service.signed_up()
    logged_in = confirm(service, token)
    with pytest.raises(InvalidLink):
        confirm(service, token)

    assert held(service, logged_in) == {logged_in.session.digest}


def test_a_newer_link_does_not_replace_the_older(service: Service) -> None:
    """Each works once with its own password, until one of them has confirmed the address (TK-04)."""
    older = service.signed_up(password=OTHER_PASSWORD)
    newer = service.signed_up()
    logged_in = confirm(service, older, OTHER_PASSWORD)

    assert logged_in.identity.password_hash == f"fake:{OTHER_PASSWORD}"
    assert is_confirmed_already(service, newer)
    assert held(service, logged_in) == {logged_in.session.digest}


def is_confirmed_already(service: Service, token: str) -> bool:
    """Whether the link says so, before a hash."""
    service.hasher.calls = 0
    with pytest.raises(AddressConfirmed):
        confirm(service, token)
    return service.hasher.calls == 0


def test_a_link_of_another_sign_up_outlives_the_account_only_with_its_own_password(service: Service) -> None:
    """The address is free again after the account was deleted; the deleted account's password does not work."""
    other = service.signed_up(password=OTHER_PASSWORD)
    logged_in = confirm(service, service.signed_up())
    service.account_closing.close(cookie(logged_in), OWNER, later(hours=1))

    with pytest.raises(InvalidCredentials):
        confirm(service, other)
    assert confirm(service, other, OTHER_PASSWORD).session.user_id != logged_in.session.user_id


def test_a_confirmation_leaves_nothing_of_the_sign_up(service: Service) -> None:
    """So that deleting the account leaves nothing, and sending again sends no link."""
    token = service.signed_up()
    logged_in = confirm(service, token)
    service.account_closing.close(cookie(logged_in), OWNER, later(hours=1))

    world = service.world
    assert (world.tokens, world.identities, world.users, world.sessions) == ({}, {}, {}, {})
    assert service.mailing.deliver(service.about_sign_up(), later(hours=1)) == NOBODY_TO_TELL


def test_a_link_of_version_0_2_is_refused(service: Service) -> None:
    """It has no password of its own."""
    world, token = service.world, service.signed_up()
    world.tokens = {key: replace(stored, data={}) for key, stored in world.tokens.items()}

    with pytest.raises(InvalidLink):
        confirm(service, token)


def test_a_link_ends_after_24_hours(service: Service) -> None:
    """Valid a moment before, expired at that moment (TK-03)."""
    token = service.signed_up()
    with pytest.raises(InvalidLink):
        service.email_verification.confirm(token, PASSWORD, None, OWNER, later(hours=24))

    at_the_edge = later(hours=24, microseconds=-1)
    assert service.email_verification.confirm(token, PASSWORD, None, OWNER, at_the_edge).identity.verified


@pytest.mark.parametrize("token", ["", "x" * 43, "é", "#", "x" * 10_000])
def test_an_unknown_link_is_refused_without_a_hash(service: Service, token: str) -> None:
    """In any form. The response time reveals nothing, because no account is involved (TK-01)."""
    service.signed_up()
    service.hasher.calls = 0
    with pytest.raises(InvalidLink):
        confirm(service, token)

    assert (service.hasher.calls, nothing_was_confirmed(service)) == (0, True)


def test_a_token_of_another_purpose_is_refused(service: Service) -> None:
    """Even one that was issued to the same owner (TK-05)."""
    service.signed_up()
    other = OneTimeToken("reset", secrets.digest("secret"), f"email#{EMAIL}", NOW, later(hours=24))
    service.world.commit(Issue(other))

    with pytest.raises(InvalidLink):
        confirm(service, "secret")


def test_an_impossible_password_is_refused_first(service: Service) -> None:
    """Before anything is counted."""
    with pytest.raises(InvalidInput):
        confirm(service, "token", "x" * 257)

    assert service.world.counters == {}


def test_a_source_may_try_so_many_links_a_minute(service: Service) -> None:
    """The next is refused before the table is read (TK-14)."""
    for _ in range(CONFIRMATIONS_PER_ADDRESS_PER_MINUTE):
        with pytest.raises(InvalidLink):
            confirm(service, "guess")
    service.world.reads.clear()
    with pytest.raises(TooManyAttempts):
        confirm(service, "guess")

    assert service.world.reads == []


def test_guesses_at_the_password_are_counted_like_logins(service: Service) -> None:
    """Five are free, then even the right one must wait (TH-06)."""
    token = service.signed_up()
    for _ in range(5):
        with pytest.raises(InvalidCredentials):
            confirm(service, token, OTHER_PASSWORD)
    with pytest.raises(TooManyAttempts) as refusal:
        confirm(service, token)

    assert (refusal.value.retry_after, nothing_was_confirmed(service)) == (30, True)


def test_a_hundred_failures_disable_the_link(service: Service) -> None:
    """Even for the right password (TH-02)."""
    token = service.signed_up()
    service.fail(100, token_key(EMAIL_VERIFICATION, secrets.digest(token)))
    with pytest.raises(InvalidCredentials):
        confirm(service, token)

    assert nothing_was_confirmed(service)


def test_guesses_at_the_address_disturb_neither_the_link_nor_the_new_account(service: Service) -> None:
    """Strangers can guess before there is an account; all of these failures end with its beginning (TH-07)."""
    token = service.signed_up()
    service.fail(100)
    confirm(service, token)

    assert failures(service) == (0, 0)


def test_the_existing_session_of_the_browser_ends(service: Service) -> None:
    """Whichever account it was (SE-03)."""
    before = service.person("other@example.com")
    token = service.signed_up()

    logged_in = service.email_verification.confirm(token, PASSWORD, cookie(before), OWNER, NOW)

    assert set(service.world.sessions) == {logged_in.session.digest}


def test_a_cookie_the_server_did_not_issue_is_never_adopted(service: Service) -> None:
    """Session fixation: the server always issues a new token (SE-03)."""
    token, planted = service.signed_up(), "x" * 43

    logged_in = service.email_verification.confirm(token, PASSWORD, Credential(SESSION, planted), OWNER, NOW)

    assert logged_in.token != planted
    assert secrets.digest(planted) not in service.world.sessions


def test_only_one_of_two_concurrent_uses_succeeds(service: Service) -> None:
    """The loser reads the same link, and its write is refused as a whole (TK-02)."""
    token = service.signed_up()
    rival = Service(service.world, service.hasher)
    service.interposed = Interleaved(service.world, lambda: confirm(rival, token))
    with pytest.raises(InvalidLink):
        confirm(service, token)

    (user,) = service.world.users.values()
    assert set(user.sessions) == set(service.world.sessions)
    assert (len(user.sessions), len(service.world.records)) == (1, 2)


def test_the_first_of_two_links_that_are_confirmed_concurrently_gets_the_address(service: Service) -> None:
    """The other writes nothing, and says so."""
    mine, theirs = service.signed_up(), service.signed_up(password=OTHER_PASSWORD)
    rival = Service(service.world, service.hasher)
    service.interposed = Interleaved(service.world, lambda: confirm(rival, theirs, OTHER_PASSWORD))
    with pytest.raises(AddressConfirmed):
        confirm(service, mine)

    assert service.identity().password_hash == f"fake:{OTHER_PASSWORD}"
    assert (len(service.world.users), len(service.world.sessions), len(service.world.records)) == (1, 1, 2)
