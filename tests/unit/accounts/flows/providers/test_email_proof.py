"""An address that the provider has not verified needs both the service's email and the browser that began (OA-08)."""

from collections.abc import Callable
from copy import replace
from datetime import timedelta
from typing import Any

import pytest

from accounts import secrets
from accounts.errors import (
    AccountsError,
    AddressConfirmed,
    AddressReused,
    EmailNotVerified,
    InvalidLink,
    LoginExpired,
    TooManyAttempts,
)
from accounts.flows.people.authentication import Credential
from accounts.flows.people.session_opening import LoggedIn
from accounts.limits import CONFIRMATIONS_PER_ADDRESS_PER_MINUTE
from accounts.model import messages
from accounts.model.identities import Claim, Identity, RemoveUnchanged, Signup
from accounts.model.one_time_tokens import PROVIDER_VERIFICATION, Consume, Issue, issue
from accounts.model.users import ChangeEmail
from tests.unit.accounts.flows.providers.stage import (
    AtOnce,
    Before,
    OAuthService,
    at_once,
    both_keys,
    presented,
    provider_person,
    tables_of,
)
from tests.unit.accounts.stage import (
    EMAIL,
    NOW,
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    SITE_URL,
    STRANGER,
    Interleaved,
    held,
    later,
    placed,
)

UNVERIFIED = provider_person("github", "77", EMAIL, email_verified=False)


def _begin(service: OAuthService, person: Any = UNVERIFIED) -> str:
    """Return from the provider and be asked to read the email; returns the digest of this browser."""
    service.says(person)
    started = service.start_login(person.provider)
    with pytest.raises(EmailNotVerified):
        service.finish(started, person.provider)
    return secrets.digest(started[0].browser)


def _confirm(
    service: OAuthService, token: str, *browsers: str, credential: Credential | None = None, now: Any = NOW
) -> LoggedIn:
    return service.provider_verification.confirm(token, browsers, credential, OWNER, now)


def _refusal(service: OAuthService, token: str, *browsers: str, now: Any = NOW) -> type[AccountsError]:
    with pytest.raises(AccountsError) as refused:
        _confirm(service, token, *browsers, now=now)
    return type(refused.value)


def test_the_subject_is_stored_with_the_digest_of_its_browser(service: OAuthService) -> None:
    """It claims nothing, belongs to no account, and expires after a week."""
    browser = _begin(service)
    pending = service.provider_identity(UNVERIFIED)

    assert pending == Identity(
        "github#77",
        pending.user_id,
        EMAIL,
        "Olive",
        NOW,
        NOW,
        verified=False,
        expires_at=NOW + timedelta(days=7),
        confirming_browser=browser,
    )
    assert service.outbox.messages == [messages.ProviderSignup(identity="github#77")]


def test_the_email_and_the_same_browser_create_the_account(service: OAuthService) -> None:
    """Logged in; subject and address belong to the account; the link is consumed; the email named the provider."""
    browser = _begin(service)
    token = service.mailed_proof(UNVERIFIED)
    arrived = _confirm(service, token, "0" * 64, browser)

    [mail] = service.postman.mails
    link = f"{SITE_URL}/verify-email#token={token}&with=github&email={EMAIL}"
    assert (mail.to, mail.template) == (EMAIL, "confirm_provider_email")
    assert mail.values == {"site_url": SITE_URL, "greeted": "", "link": link, "provider": "GitHub"}
    assert (arrived.session.method, service.keys_of(arrived)) == ("github", both_keys(UNVERIFIED))
    confirmed = service.provider_identity(UNVERIFIED)
    assert (confirmed.confirming_browser, confirmed.pending_token, confirmed.expires_at) == (None, None, None)
    assert _refusal(service, token, browser) is InvalidLink
    assert service.log_in_with(UNVERIFIED).session.user_id == arrived.session.user_id


@pytest.mark.parametrize("shown", [(), ("0" * 64,), ("",), ("browser itself",)])
def test_the_link_alone_is_not_enough(service: OAuthService, shown: tuple[str, ...]) -> None:
    """A victim opens an attacker's link in another browser; the link still works in the browser that began."""
    browser = _begin(service)
    token = service.mailed_proof(UNVERIFIED)
    before = tables_of(service)

    assert _refusal(service, token, *shown) is InvalidLink
    assert tables_of(service) == before
    assert _confirm(service, token, browser).session.method == "github"


@pytest.mark.parametrize("token", ["", "x" * 43, "the digest"])
def test_the_browser_alone_is_not_enough(service: OAuthService, token: str) -> None:
    """An attacker whose provider lists your address as unverified has the browser but not your email."""
    browser = _begin(service)
    service.mailed_proof(UNVERIFIED)
    stored = service.provider_identity(UNVERIFIED).pending_token

    assert _refusal(service, stored if token == "the digest" and stored else token, browser) is InvalidLink
    assert service.world.users == {}


def test_the_refusal_says_which_browser_to_use(service: OAuthService) -> None:
    _begin(service)
    with pytest.raises(InvalidLink, match="in the browser where you started"):
        _confirm(service, service.mailed_proof(UNVERIFIED))


@pytest.mark.parametrize(("hours", "good"), [(23.9, True), (24, False), (48, False)])
def test_the_link_works_for_a_day(service: OAuthService, hours: float, good: bool) -> None:
    """The cookie that goes with it lasts an hour."""
    browser = _begin(service)
    token = service.mailed_proof(UNVERIFIED)
    if good:
        assert _confirm(service, token, browser, now=later(hours=hours)).session.method == "github"
    else:
        assert _refusal(service, token, browser, now=later(hours=hours)) is InvalidLink


def test_a_newer_attempt_invalidates_the_older_link(service: OAuthService) -> None:
    """In whichever browser it began."""
    first = _begin(service)
    old = service.mailed_proof(UNVERIFIED)
    second = _begin(service)

    assert _refusal(service, old, first, second) is InvalidLink
    new = service.mailed_proof(UNVERIFIED)
    assert _refusal(service, new, first) is InvalidLink
    assert _confirm(service, new, second).session.method == "github"


def test_a_link_for_one_address_does_not_prove_another(service: OAuthService) -> None:
    """Eve gets a link for her own address, then sets the victim's address at the provider and logs in again."""
    eves = replace(UNVERIFIED, email="eve@evil.example")
    first = _begin(service, eves)
    token = service.mailed_proof(eves)
    second = _begin(service)

    assert _refusal(service, token, first, second) is InvalidLink
    assert service.world.users == {}


def test_an_existing_account_is_linked_when_the_mailbox_is_proven(service: OAuthService) -> None:
    """The owner reads the email and began in this browser; they are notified of the link."""
    owner = service.person()
    browser = _begin(service)
    arrived = _confirm(service, service.mailed_proof(UNVERIFIED), browser)

    assert arrived.session.user_id == owner.session.user_id
    assert arrived.identity.email == EMAIL
    assert service.keys_of(owner) == both_keys(UNVERIFIED)
    assert service.notices.messages == [
        messages.IdentityLinked(user_id=owner.session.user_id, provider="GitHub", **placed())
    ]
    assert service.log_in().session.user_id == owner.session.user_id


def _arrives_with_google(service: OAuthService) -> LoggedIn:
    return service.log_in_with(provider_person("google", "1001"))


def _arrives_with_a_password(service: OAuthService) -> LoggedIn:
    return service.email_verification.confirm(service.signed_up(), PASSWORD, None, OWNER, NOW)


def _arrives_with_another_link(service: OAuthService) -> LoggedIn:
    other = replace(UNVERIFIED, subject="78")
    browser = _begin(service, other)
    return _confirm(service, service.mailed_proof(other), browser)


def _arrives_with_a_new_address(service: OAuthService) -> LoggedIn:
    owner = service.person("olive@example.net")
    user = service.world.users[owner.session.user_id]
    old = service.identity("olive@example.net")
    new = replace(old, key=f"email#{EMAIL}", email=EMAIL)
    move = ChangeEmail(user, EMAIL, lost=old.key, gained=new.key, keeping=owner.session.digest, now=NOW)
    service.world.commit(RemoveUnchanged(old), Claim(new), move)
    return owner


ARRIVALS = (
    _arrives_with_google,
    _arrives_with_a_password,
    _arrives_with_another_link,
    _arrives_with_a_new_address,
)


@pytest.mark.parametrize("arrives", ARRIVALS)
def test_a_pending_link_dies_when_an_account_gets_the_address(
    service: OAuthService, arrives: Callable[[OAuthService], LoggedIn]
) -> None:
    """It was asked for before, perhaps by an attacker who reads the mailbox later."""
    browser = _begin(service)
    token = service.mailed_proof(UNVERIFIED)
    owner = arrives(service)
    held_before = service.keys_of(owner)

    assert _refusal(service, token, browser, now=later(minutes=1)) is InvalidLink
    assert service.keys_of(owner) == held_before


@pytest.mark.parametrize("arrives", ARRIVALS)
def test_a_link_is_not_emailed_once_an_account_has_the_address(
    service: OAuthService, arrives: Callable[[OAuthService], LoggedIn]
) -> None:
    """The message is late; the link would be refused."""
    _begin(service)
    arrives(service)
    pending = service.provider_identity(UNVERIFIED)

    assert service.mailing.deliver(messages.ProviderSignup(identity="github#77"), NOW) == "nobody_to_tell"
    assert service.provider_identity(UNVERIFIED) == pending


def test_a_pending_link_dies_with_the_account_that_had_the_address(service: OAuthService) -> None:
    """The address gets another account."""
    first = service.person()
    browser = _begin(service)
    token = service.mailed_proof(UNVERIFIED)
    service.account_closing.close(presented(first), OWNER, NOW)
    second = service.person()

    assert _refusal(service, token, browser) is InvalidLink
    assert service.keys_of(second) == {f"email#{EMAIL}"}


def test_a_pending_link_dies_when_its_account_is_secured(service: OAuthService) -> None:
    """The attacker asked for it before the owner reset the password. It is not emailed again, either."""
    service.person()
    browser = _begin(service)
    token = service.mailed_proof(UNVERIFIED)
    service.password_reset.reset(service.reset_token(), OTHER_PASSWORD, OWNER, later(minutes=1))

    assert _refusal(service, token, browser, now=later(minutes=2)) is InvalidLink
    late = messages.ProviderSignup(identity="github#77")
    assert service.mailing.deliver(late, later(minutes=2)) == "nobody_to_tell"


def test_securing_the_address_during_the_commit_wins(service: OAuthService) -> None:
    """The owner changes the password between the read and the write of a confirmation."""
    owner = service.person()
    browser = _begin(service)
    token = service.mailed_proof(UNVERIFIED)
    change = service.password_change

    service.interposed = Interleaved(
        service.world,
        lambda: change.change(presented(owner), PASSWORD, "eleven blue umbrellas", OWNER, later(seconds=1)),
    )

    assert _refusal(service, token, browser) is LoginExpired
    assert service.keys_of(owner) == {f"email#{EMAIL}"}


def test_a_squatters_sign_up_is_removed_when_the_mailbox_is_proven(service: OAuthService) -> None:
    """The same as when the provider has verified the address."""
    link = service.signed_up()
    browser = _begin(service)
    _confirm(service, service.mailed_proof(UNVERIFIED), browser)

    assert service.identity().password_hash is None
    with pytest.raises(AddressConfirmed):
        service.email_verification.confirm(link, PASSWORD, None, STRANGER, NOW)


def test_an_address_with_another_identity_of_the_provider_may_have_a_new_owner(service: OAuthService) -> None:
    """Refused, and the link is not consumed, because nothing was done with it."""
    service.log_in_with(provider_person("github", "1001"))
    browser = _begin(service)
    token = service.mailed_proof(UNVERIFIED)
    before = tables_of(service)

    assert _refusal(service, token, browser) is AddressReused
    assert tables_of(service) == before


def test_linking_by_the_owner_invalidates_the_pending_link(service: OAuthService) -> None:
    """The pending identity is overwritten, and its link with it."""
    owner = service.person("other@example.com")
    browser = _begin(service)
    token = service.mailed_proof(UNVERIFIED)
    service.link(UNVERIFIED, presented(owner))

    assert _refusal(service, token, browser) is InvalidLink
    assert service.keys_of(owner) == {"email#other@example.com", "github#77"}


@pytest.mark.parametrize("new", [True, False])
def test_the_existing_session_of_the_browser_ends(service: OAuthService, new: bool) -> None:
    """No token outlives a login, of any account (ASVS 7.2.4)."""
    other = service.person("other@example.com")
    if not new:
        service.person()
    browser = _begin(service)
    arrived = _confirm(service, service.mailed_proof(UNVERIFIED), browser, credential=presented(other))

    assert held(service, other) == set()
    assert arrived.session.digest in held(service, arrived)


@pytest.mark.parametrize("existing", [True, False])
def test_only_one_of_two_concurrent_confirmations_succeeds(service: OAuthService, existing: bool) -> None:
    """Both read the pending identity before either consumes its link: one session; the other link is spent."""
    if existing:
        service.person()
    sessions = len(service.world.sessions)
    browser = _begin(service)
    token = service.mailed_proof(UNVERIFIED)
    service.interposed = AtOnce(service.world, Consume)

    def confirm() -> str:
        return _confirm(service, token, browser).session.method

    assert at_once(confirm, confirm) == ["github", "invalid_link"]
    assert (len(service.world.users), len(service.world.sessions)) == (1, sessions + 1)


def test_guesses_at_links_are_limited(service: OAuthService) -> None:
    """From one address, shared with the links of sign-ups."""
    browser = _begin(service)
    token = service.mailed_proof(UNVERIFIED)
    answers = [_refusal(service, "x" * 43, browser) for _ in range(CONFIRMATIONS_PER_ADDRESS_PER_MINUTE)]

    assert answers == [InvalidLink] * CONFIRMATIONS_PER_ADDRESS_PER_MINUTE
    assert _refusal(service, token, browser) is TooManyAttempts
    assert _confirm(service, token, browser, now=later(minutes=1)).session.method == "github"


def test_links_of_sign_ups_and_of_identities_are_not_interchangeable(service: OAuthService) -> None:
    """Each purpose has its own tokens."""
    signup = service.signed_up("other@example.com")
    browser = _begin(service)
    proof = service.mailed_proof(UNVERIFIED)

    assert _refusal(service, signup, browser) is InvalidLink
    with pytest.raises(InvalidLink):
        service.email_verification.confirm(proof, PASSWORD, None, OWNER, NOW)


def test_a_link_whose_subject_is_gone_is_refused(service: OAuthService) -> None:
    """The pending identity has expired or never existed."""
    plaintext, token = issue(PROVIDER_VERIFICATION, "github#404", lifetime=timedelta(hours=1), now=NOW)
    service.world.commit(Issue(token))

    assert _refusal(service, plaintext, "0" * 64) is InvalidLink


def test_an_identity_causes_at_most_three_emails_in_six_hours(service: OAuthService) -> None:
    """Others cause more, but at most twenty to one address, so that logins cannot flood a mailbox."""
    outcomes = []
    for number in (*[0] * 4, *range(1, 19)):
        _begin(service, replace(UNVERIFIED, subject=f"{number}"))
        outcomes.append(service.mailing.deliver(messages.ProviderSignup(identity=f"github#{number}"), NOW))

    assert outcomes == ["sent"] * 3 + ["limit_reached"] + ["sent"] * 17 + ["limit_reached"]


def test_a_confirmed_subject_gets_no_more_emails(service: OAuthService) -> None:
    """A message that arrives late sends nothing."""
    browser = _begin(service)
    _confirm(service, service.mailed_proof(UNVERIFIED), browser)

    assert service.mailing.deliver(messages.ProviderSignup(identity="github#77"), NOW) == "nobody_to_tell"


def test_a_subject_that_is_confirmed_concurrently_stays_confirmed(service: OAuthService) -> None:
    """Between the read and the write of a second login, which starts again and queues no email."""
    browser = _begin(service)
    token = service.mailed_proof(UNVERIFIED)
    service.outbox.messages.clear()
    started = service.start_login("github")
    confirmed: list[LoggedIn] = []

    def confirm() -> None:
        confirmed.append(_confirm(service, token, browser))

    service.interposed = Before(service.world, Signup, confirm)
    with pytest.raises(LoginExpired):
        service.finish(started, "github")

    assert service.keys_of(confirmed[0]) == both_keys(UNVERIFIED)
    assert service.outbox.messages == []
