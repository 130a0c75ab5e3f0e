"""Signing up: the same answer, work and message whether the address is new, pending or taken."""

from collections.abc import Callable
from copy import replace

import pytest

from accounts import secrets
from accounts.errors import InvalidInput, ProofRequired, Unavailable, WeakPassword
from accounts.limits import SIGNUPS_PER_ADDRESS_PER_MINUTE, UNVERIFIED_KEPT
from accounts.model import messages
from accounts.model.one_time_tokens import OneTimeToken
from tests.fakes import FakeBreaches
from tests.unit.accounts.stage import (
    EMAIL,
    NOW,
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    STRANGER,
    Service,
    counted,
    later,
    untouched,
)


def test_a_sign_up_is_stored_and_claims_nothing(service: Service) -> None:
    """With a hash, for a week, and no identity or account yet; a message without secrets is queued."""
    started = service.signup.start("Olive@Example.com", PASSWORD, "  Olive ", OWNER, NOW)

    stored = OneTimeToken(
        purpose="sign-up",
        digest=secrets.digest(f"{EMAIL} {OWNER.known_browser}"),
        subject=f"email#{EMAIL}",
        issued_at=NOW,
        expires_at=NOW + UNVERIFIED_KEPT,
        data={
            "name": "Olive",
            "password_hash": f"fake:{PASSWORD}",
            "browser": OWNER.known_browser,
            "proof": secrets.digest(started.proof),
        },
    )
    assert service.world.tokens == {stored.key: stored}
    assert (service.world.identities, service.world.users, service.world.sessions) == ({}, {}, {})
    assert service.outbox.messages == [messages.Signup(EMAIL, OWNER.known_browser, OWNER.source)]


def test_a_browser_without_a_cookie_gets_one(service: Service) -> None:
    """Only its digest is stored and queued, so that only this browser can have its link sent again."""
    token = service.signup.start(EMAIL, PASSWORD, "", STRANGER, NOW).browser

    assert len(token) == 43
    assert service.outbox.messages == [messages.Signup(EMAIL, secrets.digest(token), STRANGER.source)]
    assert token not in repr(service.world)
    assert service.signup.start(EMAIL, PASSWORD, "", OWNER, NOW).browser == ""


def test_each_sign_up_has_a_proof_of_its_own(service: Service) -> None:
    """Also in the same browser; it is stored as a hash and not printed."""
    first, second = (service.signup.start(EMAIL, PASSWORD, "", STRANGER, NOW) for _ in range(2))

    assert (len(first.proof), first.proof == second.proof) == (43, False)
    assert first.proof not in repr((first, service.world, service.outbox.messages))


def _new(_: Service) -> None:
    """The address is free."""


def _pending(service: Service) -> None:
    service.signed_up(password=OTHER_PASSWORD)


def _taken(service: Service) -> None:
    service.person(password=OTHER_PASSWORD)


def _disabled(service: Service) -> None:
    service.person(password=OTHER_PASSWORD)
    service.change_identity(disabled=True)


@pytest.mark.parametrize("state", [_new, _pending, _taken, _disabled])
def test_every_address_gets_the_same_answer_work_and_message(
    service: Service, state: Callable[[Service], None]
) -> None:
    """One hash, no read, one message, no error: nothing reveals whether the address has an account (EN-03)."""
    state(service)
    service.world.counters.clear()
    service.world.reads.clear()
    service.outbox.messages.clear()
    service.hasher.calls = 0

    service.signup.start(EMAIL, PASSWORD, "", OWNER, NOW)

    assert (service.hasher.calls, service.world.reads) == (1, [])
    assert service.outbox.messages == [messages.Signup(EMAIL, OWNER.known_browser, OWNER.source)]
    assert counted(service) == {"mail/3600": 1, "mail/3600 part_0": 1}


def test_a_sign_up_over_a_taken_address_changes_nothing(service: Service) -> None:
    """The owner's password, name and account are kept."""
    service.person()
    before = (service.identity(), dict(service.world.users), dict(service.world.sessions))

    service.signup.start(EMAIL, OTHER_PASSWORD, "Mallory", STRANGER, later(minutes=1))

    assert (service.identity(), service.world.users, service.world.sessions) == before


def test_sign_ups_of_other_browsers_do_not_replace_each_other(service: Service) -> None:
    """A newer one of the same browser does."""
    service.signup.start(EMAIL, OTHER_PASSWORD, "", STRANGER, NOW)
    for password in (OTHER_PASSWORD, PASSWORD):
        service.signup.start(EMAIL, password, "", OWNER, NOW)

    hashes = sorted(token.data["password_hash"] for token in service.world.tokens.values())
    assert hashes == [f"fake:{OTHER_PASSWORD}", f"fake:{PASSWORD}"]


@pytest.mark.parametrize(
    ("email", "password", "name"),
    [
        ("olive", PASSWORD, ""),
        ("olive@example.com,mallory@example.com", PASSWORD, ""),
        (EMAIL, PASSWORD, "n" * 101),
        (EMAIL, PASSWORD, "a\u202eb"),
        (EMAIL, "x" * 257, ""),
    ],
)
def test_invalid_input_is_refused_before_anything_is_counted(
    service: Service, email: str, password: str, name: str
) -> None:
    with pytest.raises(InvalidInput):
        service.signup.start(email, password, name, OWNER, NOW)

    assert untouched(service)


@pytest.mark.parametrize("password", ["too short", "passwordpassword", "olive@example.com", "leaked green umbrellas"])
def test_a_weak_password_is_refused_for_any_address(service: Service, password: str) -> None:
    """It depends on the input only; the request is counted, nothing is hashed, written or queued (PW-11)."""
    service.breached_passwords = FakeBreaches(frozenset({"leaked green umbrellas"}))
    with pytest.raises(WeakPassword):
        service.signup.start(EMAIL, password, "", OWNER, NOW)

    assert (service.hasher.calls, service.world.tokens, service.outbox.messages) == (0, {}, [])
    assert counted(service) == {"mail/3600": 1, "mail/3600 part_0": 1}


def test_above_the_limit_of_its_source_a_sign_up_needs_a_proof_of_work(service: Service) -> None:
    """Sign-up and resend together; asked for before any hash; other sources are not limited (TH-11, TH-15)."""
    free, now = SIGNUPS_PER_ADDRESS_PER_MINUTE, later(seconds=20)
    for _ in range(free // 2):
        service.signup.start(EMAIL, PASSWORD, "", STRANGER, NOW)
        service.resend.ask(EMAIL, STRANGER, NOW)
    with pytest.raises(ProofRequired) as refusal:
        service.signup.start(EMAIL, PASSWORD, "", STRANGER, now)
    with pytest.raises(ProofRequired):
        service.resend.ask(EMAIL, STRANGER, now)
    before = (refusal.value.retry_after, service.hasher.calls, len(service.outbox.messages))
    proof = service.proofs.solution(refusal.value.challenge)
    service.signup.start(EMAIL, PASSWORD, "", replace(STRANGER, proof=proof), now)

    assert before == (40, free // 2, free)
    assert len(service.outbox.messages) == free + 1
    assert service.signup.start(EMAIL, PASSWORD, "", OWNER, later(seconds=20)).browser == ""


@pytest.mark.parametrize("state", [_new, _pending, _taken])
def test_resending_only_queues_a_message(service: Service, state: Callable[[Service], None]) -> None:
    """Nothing is read, so nothing is revealed; the mailer looks the address up (EN-05)."""
    state(service)
    service.world.reads.clear()
    service.outbox.messages.clear()

    service.resend.ask("OLIVE@example.com", OWNER, NOW)

    assert service.world.reads == []
    assert service.outbox.messages == [messages.Signup(EMAIL, OWNER.known_browser, OWNER.source)]


def test_resending_to_an_invalid_address_is_refused(service: Service) -> None:
    """Before anything is counted."""
    with pytest.raises(InvalidInput):
        service.resend.ask("a@b", OWNER, NOW)

    assert untouched(service)


@pytest.mark.parametrize("part", ["world", "outbox"])
def test_a_sign_up_fails_closed_when_a_table_or_the_queue_is_down(service: Service, part: str) -> None:
    """503, not a refusal."""
    setattr(getattr(service, part), "down", True)  # noqa: B010 - the part is a parameter

    with pytest.raises(Unavailable):
        service.signup.start(EMAIL, PASSWORD, "", OWNER, NOW)
