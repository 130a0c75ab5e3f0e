"""A first password that was set after a login with a provider ends when the owner unlinks that provider.

Each attack is that of a person who holds the owner's GitHub account, and nothing else.
"""

from collections.abc import Callable

import pytest

from accounts.errors import EmailNotVerified, InvalidCredentials, LastIdentity, Unauthenticated
from accounts.flows.people.session_opening import LoggedIn
from accounts.model import messages
from accounts.model.audit import Caller
from accounts.model.identities import public_id
from tests.unit.accounts.flows.providers.stage import OAuthService, presented, provider_person, tables_of
from tests.unit.accounts.stage import EMAIL, NEW_EMAIL, NOW, OTHER_PASSWORD, OWNER, PASSWORD, Interleaved, later, placed

GOOGLE, GITHUB = provider_person("google", "1001"), provider_person("github", "77")
GOOGLE_ID, GITHUB_ID = public_id("google#1001"), public_id("github#77")
THIEF = Caller("198.51.100.66", "the thief's browser", "known-to-the-thief")


def _with_password(service: OAuthService, password: str = PASSWORD, email: str = EMAIL) -> LoggedIn:
    return service.login.with_password(email, password, remember=False, presented=None, caller=THIEF, now=NOW)


def _is_refused(service: OAuthService, password: str = PASSWORD, email: str = EMAIL) -> bool:
    with pytest.raises(InvalidCredentials):
        _with_password(service, password, email)
    return True


def _owner_unlinks(service: OAuthService, identity_id: str = GITHUB_ID) -> messages.IdentityUnlinked:
    """In a session that was opened with Google; returns the notice."""
    service.identity_unlinking.unlink(presented(service.log_in_with(GOOGLE)), identity_id, OWNER, NOW)
    notice = service.notices.messages[-1]
    assert isinstance(notice, messages.IdentityUnlinked)
    return notice


@pytest.fixture
def thief(service: OAuthService) -> LoggedIn:
    """The owner came with Google and linked GitHub. The thief logs in with GitHub and sets the first password."""
    service.link(GITHUB, presented(service.log_in_with(GOOGLE)))
    thief = service.log_in_with(GITHUB)
    service.password_setting.set(presented(thief), PASSWORD, THIEF, NOW)
    return thief


def test_the_password_is_removed_and_the_owner_is_told(service: OAuthService, thief: LoggedIn) -> None:
    notice = _owner_unlinks(service)

    assert _is_refused(service)
    assert notice == messages.IdentityUnlinked(thief.session.user_id, "GitHub", "password", **placed())
    address = service.identity()
    assert (address.password_hash, address.password_set_with, address.password_set_in) == (None, None, None)
    assert address.known_browsers == ()


def _changes_it(service: OAuthService, _: LoggedIn) -> tuple[str, str]:
    service.password_change.change(presented(_with_password(service)), PASSWORD, OTHER_PASSWORD, THIEF, NOW)
    return EMAIL, OTHER_PASSWORD


def _changes_the_address(service: OAuthService, thief: LoggedIn) -> tuple[str, str]:
    link = service.change_token(thief, now=later(seconds=1))
    service.email_change.confirm(presented(thief), link, THIEF, later(seconds=1))
    return NEW_EMAIL, PASSWORD


def _unlinks_and_links_again(service: OAuthService, thief: LoggedIn) -> tuple[str, str]:
    service.identity_unlinking.unlink(presented(thief), GITHUB_ID, THIEF, NOW)
    service.link(GITHUB, presented(thief))
    return EMAIL, PASSWORD


@pytest.mark.parametrize("act", [_changes_it, _changes_the_address, _unlinks_and_links_again])
def test_nothing_that_the_thief_does_with_the_password_keeps_it(
    service: OAuthService, thief: LoggedIn, act: Callable[[OAuthService, LoggedIn], tuple[str, str]]
) -> None:
    email, password = act(service, thief)
    assert _with_password(service, password, email).session.user_id == thief.session.user_id
    _owner_unlinks(service)

    assert _is_refused(service, password, email)


def test_a_password_set_in_a_session_of_an_emailed_link_ends_with_its_provider(service: OAuthService) -> None:
    """The link confirms an address that GitHub has not verified, and logs in as that GitHub account."""
    service.log_in_with(GOOGLE)
    unverified = provider_person("github", "77", email_verified=False)
    departure = service.start_login("github")
    service.says(unverified)
    with pytest.raises(EmailNotVerified):
        service.finish(departure, "github")
    browser = service.provider_identity(unverified).confirming_browser
    token = service.mailed_proof(unverified)
    opened = service.provider_verification.confirm(token, (browser,), None, THIEF, NOW)
    service.password_setting.set(presented(opened), PASSWORD, THIEF, NOW)
    _owner_unlinks(service)

    assert _is_refused(service)


def test_unlinking_another_provider_keeps_the_password(service: OAuthService, thief: LoggedIn) -> None:
    """It was not set after a login with that one. The email names it."""
    service.identity_unlinking.unlink(presented(thief), GOOGLE_ID, OWNER, NOW)

    assert service.notices.messages[-1] == messages.IdentityUnlinked(thief.session.user_id, "Google", **placed())
    assert _with_password(service).session.user_id == thief.session.user_id


def _logs_in_with_it(service: OAuthService, _: LoggedIn) -> LoggedIn:
    return _with_password(service)


def _stays_where_it_was_set(_: OAuthService, logged_in: LoggedIn) -> LoggedIn:
    return logged_in


@pytest.mark.parametrize("session_of", [_logs_in_with_it, _stays_where_it_was_set])
def test_a_password_that_the_session_shows_to_know_stays(
    service: OAuthService, thief: LoggedIn, session_of: Callable[[OAuthService, LoggedIn], LoggedIn]
) -> None:
    """An owner who leaves GitHub for a password. It makes no difference who it is: they know the password anyway."""
    session = session_of(service, thief)
    service.identity_unlinking.unlink(presented(session), GITHUB_ID, OWNER, NOW)

    assert _with_password(service).session.user_id == thief.session.user_id


def test_a_password_that_was_reset_by_email_stays(service: OAuthService, thief: LoggedIn) -> None:
    """The mailbox proves whose it is."""
    service.password_reset.reset(service.reset_token(now=later(seconds=1)), OTHER_PASSWORD, OWNER, later(seconds=2))
    notice = _owner_unlinks(service)

    assert _with_password(service, OTHER_PASSWORD).session.user_id == thief.session.user_id
    assert notice.removed == ""


def test_a_password_from_the_sign_up_stays(service: OAuthService) -> None:
    owner = service.person()
    service.link(GOOGLE, presented(owner))
    service.link(GITHUB, presented(owner))
    _owner_unlinks(service)

    assert service.log_in().session.user_id == owner.session.user_id


def test_the_only_other_login_method_is_not_removed(service: OAuthService) -> None:
    """The owner could not log in any more. The answer says what to do: log in with the password, or reset it."""
    service.log_in_with(GITHUB)
    thief = service.log_in_with(GITHUB)
    service.password_setting.set(presented(thief), PASSWORD, THIEF, NOW)
    owner = service.log_in_with(GITHUB)
    before = tables_of(service)
    with pytest.raises(LastIdentity) as refused:
        service.identity_unlinking.unlink(presented(owner), GITHUB_ID, OWNER, NOW)

    assert "Log in with the password, then unlink GitHub." in str(refused.value)
    assert tables_of(service) == before
    service.password_reset.reset(service.reset_token(now=later(seconds=1)), OTHER_PASSWORD, OWNER, later(seconds=2))
    proven = service.log_in(later(seconds=2), password=OTHER_PASSWORD)
    service.identity_unlinking.unlink(presented(proven), GITHUB_ID, OWNER, later(seconds=3))
    assert service.keys_of(proven) == {f"email#{EMAIL}"}


@pytest.mark.parametrize("first", ["set", "unlink"])
def test_a_password_is_not_set_during_the_unlinking(service: OAuthService, first: str) -> None:
    """Whichever is written first ends the session of the other."""
    service.link(GITHUB, presented(service.log_in_with(GOOGLE)))
    thief, owner = service.log_in_with(GITHUB), service.log_in_with(GOOGLE)
    acts = {
        "set": lambda: service.password_setting.set(presented(thief), PASSWORD, THIEF, NOW),
        "unlink": lambda: service.identity_unlinking.unlink(presented(owner), GITHUB_ID, OWNER, NOW),
    }
    overtaken = acts["unlink" if first == "set" else "set"]
    service.interposed = Interleaved(service.world, acts[first])
    with pytest.raises(Unauthenticated):
        overtaken()

    if first == "set":
        _owner_unlinks(service)
    assert _is_refused(service)
