"""What each event ends and what it keeps: every artifact of an account under every event (SE-09, SE-10, TK-04)."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from accounts.errors import AccountsError, EmailNotVerified
from accounts.flows.people.session_opening import LoggedIn
from accounts.flows.providers.provider_login import Departure
from accounts.model import passkeys
from accounts.model.identities import public_id
from tests.authenticators import Authenticator
from tests.unit.accounts.flows.passkeys.stage import PasskeyService
from tests.unit.accounts.flows.providers.stage import OAuthService, presented, provider_person
from tests.unit.accounts.stage import OTHER_PASSWORD, OWNER, PASSWORD, cookie, key_credential, later, operator_request

LINKED, UNPROVEN = provider_person("google", "1001"), provider_person("github", "2002", email_verified=False)
BEFORE, THEN = later(minutes=1), later(minutes=2)


class WholeService(PasskeyService, OAuthService):
    """With providers and passkeys."""


@dataclass
class Everything:
    """An account with one artifact of each kind."""

    service: WholeService
    here: LoggedIn
    there: LoggedIn
    key: str
    reset_token: str
    change_token: str
    proof: str
    browser: str
    started_link: tuple[Departure, str]
    device: Authenticator

    def works(self, artifact: str) -> bool:
        """Whether the artifact still works, for this account."""
        try:
            return USES[artifact](self) == self.here.session.user_id
        except AccountsError:
            return False

    def fresh(self) -> LoggedIn:
        """A session opened now, whatever happened to the others."""
        return self.service.log_in_with(LINKED)


USES: dict[str, Callable[[Everything], str]] = {
    "this session": lambda it: it.service.session(cookie(it.here), THEN).user_id,
    "other session": lambda it: it.service.session(cookie(it.there), THEN).user_id,
    "API key": lambda it: it.service.account_lookup.of(key_credential(it.key), OWNER, THEN).user_id,
    "linked identity": lambda it: it.fresh().session.user_id,
    "passkey": lambda it: it.service.enter(it.service.answer(it.device, THEN), THEN).session.user_id,
    "reset link": lambda it: (
        it.service.password_reset.reset(it.reset_token, "a third password yet", OWNER, THEN).user_id
    ),
    "change link": lambda it: it.service.email_change.confirm(cookie(it.fresh()), it.change_token, OWNER, THEN).user_id,
    "proof of an identity": lambda it: (
        it.service.provider_verification.confirm(it.proof, (it.browser,), None, OWNER, THEN).session.user_id
    ),
    "identity being linked": lambda it: it.service.finish(it.started_link, "github", presented(it.there), THEN).user_id,
}


def _unlink_another(it: Everything) -> None:
    another = provider_person("github", "4004", "elsewhere@example.com")
    it.service.link(another, cookie(it.here))
    it.service.identity_unlinking.unlink(cookie(it.here), public_id("github#4004"), OWNER, BEFORE)
    it.service.says(provider_person("github", "3003", "elsewhere@example.com"))


def _remove_another_passkey(it: Everything) -> None:
    another = it.service.add(it.here, Authenticator(), now=BEFORE)
    it.service.passkey_removal.remove(cookie(it.here), passkeys.public_id(another.credential_id), OWNER, BEFORE)


EVENTS: dict[str, Callable[[Everything], object]] = {
    "nothing": lambda _: None,
    "password change": lambda it: it.service.password_change.change(
        cookie(it.here), PASSWORD, OTHER_PASSWORD, OWNER, BEFORE
    ),
    "password reset": lambda it: it.service.password_reset.reset(it.reset_token, OTHER_PASSWORD, OWNER, BEFORE),
    "address change": lambda it: it.service.email_change.confirm(cookie(it.here), it.change_token, OWNER, BEFORE),
    "another identity unlinked": _unlink_another,
    "another passkey removed": _remove_another_passkey,
    "password removed": lambda it: it.service.password_removal.remove(cookie(it.here), OWNER, BEFORE),
    "log out everywhere": lambda it: it.service.logout_everywhere.everywhere(cookie(it.here), OWNER, BEFORE),
    "password revoked": lambda it: it.service.password_revocation.revoke(
        operator_request(it.here.session.user_id), BEFORE
    ),
    "logged out by an operator": lambda it: it.service.operator_logout.everywhere(
        operator_request(it.here.session.user_id), BEFORE
    ),
    "deleted by an operator": lambda it: it.service.account_removal.remove(
        operator_request(it.here.session.user_id), BEFORE
    ),
    "disabled": lambda it: it.service.account_disabling.disable(operator_request(it.here.session.user_id), BEFORE),
    "deleted": lambda it: it.service.account_closing.close(cookie(it.here), OWNER, BEFORE),
}
ALL, HERE = frozenset(USES), frozenset({"this session", "API key", "linked identity", "passkey"})
KEPT: dict[str, frozenset[str]] = {
    "nothing": ALL,
    "password change": HERE,
    "password reset": HERE - {"this session"},
    "address change": HERE,
    "another identity unlinked": HERE,
    "another passkey removed": HERE,
    "password removed": HERE,
    "log out everywhere": ALL - {"this session", "other session", "identity being linked"},
    "password revoked": HERE - {"this session"},
    "logged out by an operator": ALL - {"this session", "other session", "identity being linked"},
    "deleted by an operator": frozenset(),
    "disabled": frozenset(),
    "deleted": frozenset(),
}


@pytest.fixture
def service() -> WholeService:
    return WholeService()


@pytest.fixture
def everything(service: WholeService) -> Everything:
    """Logged in twice, with a key, a passkey, a linked identity, one that is being linked, and each emailed link."""
    here, device = service.person(), Authenticator()
    service.add(here, device)
    there = service.log_in()
    key = service.key(here).plaintext
    service.link(LINKED, presented(here))
    service.says(UNPROVEN)
    with pytest.raises(EmailNotVerified):
        service.finish(service.start_login("github"), "github")
    browser = service.provider_identity(UNPROVEN).confirming_browser
    assert browser is not None
    proof, change_token, reset_token = service.mailed_proof(UNPROVEN), service.change_token(here), service.reset_token()
    started_link = service.start_linking(cookie(there), "github")
    service.says(provider_person("github", "3003", "elsewhere@example.com"))
    return Everything(service, here, there, key, reset_token, change_token, proof, browser, started_link, device)


@pytest.mark.parametrize("artifact", USES)
@pytest.mark.parametrize("event", EVENTS)
def test_an_event_ends_what_it_must_and_nothing_else(everything: Everything, event: str, artifact: str) -> None:
    """Ending too much logs people out for nothing; ending too little leaves a thief logged in."""
    EVENTS[event](everything)

    assert everything.works(artifact) is (artifact in KEPT[event])


def test_the_first_confirmation_ends_the_other_links_and_the_waits(service: WholeService) -> None:
    """Those of another sign-up with the same address, and of an attacker's guesses."""
    older = service.signed_up(password=OTHER_PASSWORD)
    newer = service.signed_up()
    service.fail(50)
    logged_in = service.email_verification.confirm(newer, PASSWORD, None, OWNER, BEFORE)

    assert service.log_in(BEFORE).session.user_id == logged_in.session.user_id
    with pytest.raises(AccountsError):
        service.email_verification.confirm(older, OTHER_PASSWORD, None, OWNER, THEN)
