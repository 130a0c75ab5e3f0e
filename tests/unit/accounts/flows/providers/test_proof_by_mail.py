"""An address that the provider has not verified: our mail and the browser that began, both or nothing (OA-08)."""

from copy import replace
from datetime import timedelta
from typing import Any

import pytest

from accounts import secrets
from accounts.errors import AccountsError, AddressReused, EmailNotVerified, InvalidLink, TooManyAttempts
from accounts.flows.people.authentication import Credential
from accounts.flows.people.session_opening import LoggedIn
from accounts.model import messages
from accounts.model.identities import Identity
from accounts.model.one_time_tokens import PROVIDER_VERIFICATION, Consume, Issue, issue
from tests.unit.accounts.flows.providers.stage import (
    AtOnce,
    OAuthService,
    at_once,
    both_keys,
    presented,
    somebody,
    tables_of,
)
from tests.unit.accounts.stage import EMAIL, NOW, OWNER, PASSWORD, SITE_URL, STRANGER, held, later

UNVERIFIED = somebody("github", "77", EMAIL, email_verified=False)


def _begin(service: OAuthService, person: Any = UNVERIFIED) -> str:
    """Come back from the provider and be told to look into the mail; the digest of this browser."""
    service.says(person)
    left = service.leave(person.provider)
    with pytest.raises(EmailNotVerified):
        service.come_back(left, person.provider)
    return secrets.digest(left[0].browser)


def _confirm(
    service: OAuthService, token: str, *browsers: str, credential: Credential | None = None, now: Any = NOW
) -> LoggedIn:
    return service.provider_verification.confirm(token, browsers, credential, OWNER, now)


def _refusal(service: OAuthService, token: str, *browsers: str, now: Any = NOW) -> type[AccountsError]:
    with pytest.raises(AccountsError) as refused:
        _confirm(service, token, *browsers, now=now)
    return type(refused.value)


def test_the_subject_waits_with_the_digest_of_its_browser(service: OAuthService) -> None:
    """It claims nothing, holds no account, and is swept after a week."""
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


def test_the_mail_and_the_same_browser_make_the_account(service: OAuthService) -> None:
    """Signed in; the subject and the address are theirs; the link is used up, and the mail said which provider."""
    browser = _begin(service)
    token = service.mailed_proof(UNVERIFIED)
    arrived = _confirm(service, token, "0" * 64, browser)

    [mail] = service.postman.mails
    link = f"{SITE_URL}/verify-email#token={token}&with=github"
    assert (mail.to, mail.template) == (EMAIL, "confirm_provider_email")
    assert mail.values == {"site_url": SITE_URL, "link": link, "provider": "GitHub"}
    assert (arrived.session.method, service.keys_of(arrived)) == ("github", both_keys(UNVERIFIED))
    confirmed = service.provider_identity(UNVERIFIED)
    assert (confirmed.confirming_browser, confirmed.pending_token, confirmed.expires_at) == (None, None, None)
    assert _refusal(service, token, browser) is InvalidLink
    assert service.log_in_with(UNVERIFIED).session.user_id == arrived.session.user_id


@pytest.mark.parametrize("shown", [(), ("0" * 64,), ("",), ("browser itself",)])
def test_the_link_alone_is_worth_nothing(service: OAuthService, shown: tuple[str, ...]) -> None:
    """A victim who clicks a stranger's link does it in a browser that did not begin; the link stays good in its own."""
    browser = _begin(service)
    token = service.mailed_proof(UNVERIFIED)
    before = tables_of(service)

    assert _refusal(service, token, *shown) is InvalidLink
    assert tables_of(service) == before
    assert _confirm(service, token, browser).session.method == "github"


@pytest.mark.parametrize("token", ["", "x" * 43, "the digest"])
def test_the_browser_alone_is_worth_nothing(service: OAuthService, token: str) -> None:
    """A stranger whose provider knows your address unverified has the browser, and not your mail."""
    browser = _begin(service)
    service.mailed_proof(UNVERIFIED)
    stored = service.provider_identity(UNVERIFIED).pending_token

    assert _refusal(service, stored if token == "the digest" and stored else token, browser) is InvalidLink
    assert service.world.users == {}


def test_the_refusal_says_which_browser_is_meant(service: OAuthService) -> None:
    """A person can act on it."""
    _begin(service)
    with pytest.raises(InvalidLink, match="in the browser in which you started"):
        _confirm(service, service.mailed_proof(UNVERIFIED))


@pytest.mark.parametrize(("hours", "good"), [(23.9, True), (24, False), (48, False)])
def test_the_link_is_good_for_a_day(service: OAuthService, hours: float, good: bool) -> None:
    """At most: the cookie that goes with it lasts an hour."""
    browser = _begin(service)
    token = service.mailed_proof(UNVERIFIED)
    if good:
        assert _confirm(service, token, browser, now=later(hours=hours)).session.method == "github"
    else:
        assert _refusal(service, token, browser, now=later(hours=hours)) is InvalidLink


def test_a_newer_attempt_puts_the_older_link_out_of_use(service: OAuthService) -> None:
    """Whoever began last, in whichever browser, is the one whose mail counts."""
    first = _begin(service)
    old = service.mailed_proof(UNVERIFIED)
    second = _begin(service)

    assert _refusal(service, old, first, second) is InvalidLink
    new = service.mailed_proof(UNVERIFIED)
    assert _refusal(service, new, first) is InvalidLink
    assert _confirm(service, new, second).session.method == "github"


def test_a_link_for_one_address_does_not_prove_another(service: OAuthService) -> None:
    """Eve gets a link for her own address, then changes it at the provider to the victim's and comes again."""
    eves = replace(UNVERIFIED, email="eve@evil.example")
    first = _begin(service, eves)
    token = service.mailed_proof(eves)
    second = _begin(service)

    assert _refusal(service, token, first, second) is InvalidLink
    assert service.world.users == {}


def test_an_account_with_that_address_is_linked_once_the_mailbox_is_proven(service: OAuthService) -> None:
    """It is the owner who reads the mail and began in this browser; they are told of the link."""
    owner = service.person()
    browser = _begin(service)
    arrived = _confirm(service, service.mailed_proof(UNVERIFIED), browser)

    assert arrived.session.user_id == owner.session.user_id
    assert arrived.identity.email == EMAIL
    assert service.keys_of(owner) == both_keys(UNVERIFIED)
    assert service.notices.messages == [messages.IdentityLinked(user_id=owner.session.user_id, provider="GitHub")]
    assert service.log_in().session.user_id == owner.session.user_id


def test_a_squatters_sign_up_goes_when_the_mailbox_is_proven(service: OAuthService) -> None:
    """As when the provider had verified it."""
    link = service.signed_up()
    browser = _begin(service)
    _confirm(service, service.mailed_proof(UNVERIFIED), browser)

    assert service.identity().password_hash is None
    with pytest.raises(InvalidLink):
        service.email_verification.confirm(link, PASSWORD, None, STRANGER, NOW)


def test_an_address_with_another_login_of_the_provider_may_have_a_new_owner(service: OAuthService) -> None:
    """Refused, and the link is not used up: nothing was done with it."""
    service.log_in_with(somebody("github", "1001"))
    browser = _begin(service)
    token = service.mailed_proof(UNVERIFIED)
    before = tables_of(service)

    assert _refusal(service, token, browser) is AddressReused
    assert tables_of(service) == before


def test_a_subject_that_was_linked_on_purpose_meanwhile_needs_no_link_any_more(service: OAuthService) -> None:
    """The waiting entry is overwritten, and its link with it."""
    owner = service.person("other@example.com")
    browser = _begin(service)
    token = service.mailed_proof(UNVERIFIED)
    service.link(UNVERIFIED, presented(owner))

    assert _refusal(service, token, browser) is InvalidLink
    assert service.keys_of(owner) == {"email#other@example.com", "github#77"}


@pytest.mark.parametrize("new", [True, False])
def test_the_session_that_the_browser_held_ends(service: OAuthService, new: bool) -> None:
    """No token outlives a log-in, whoever it belonged to (ASVS 7.2.4)."""
    other = service.person("other@example.com")
    if not new:
        service.person()
    browser = _begin(service)
    arrived = _confirm(service, service.mailed_proof(UNVERIFIED), browser, credential=presented(other))

    assert held(service, other) == set()
    assert arrived.session.digest in held(service, arrived)


@pytest.mark.parametrize("existing", [True, False])
def test_of_two_confirmations_at_once_one_counts(service: OAuthService, existing: bool) -> None:
    """Both have read what waits before either uses the link up: one session; the other link is spent."""
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


def test_links_cannot_be_guessed_without_end(service: OAuthService) -> None:
    """Twenty tries a minute from one address, shared with the links of sign-ups."""
    browser = _begin(service)
    token = service.mailed_proof(UNVERIFIED)
    answers = [_refusal(service, "x" * 43, browser) for _ in range(20)]

    assert answers == [InvalidLink] * 20
    assert _refusal(service, token, browser) is TooManyAttempts
    assert _confirm(service, token, browser, now=later(minutes=1)).session.method == "github"


def test_a_link_of_a_sign_up_does_not_work_here_nor_one_of_these_there(service: OAuthService) -> None:
    """Each purpose has its own tokens."""
    signup = service.signed_up("other@example.com")
    browser = _begin(service)
    proof = service.mailed_proof(UNVERIFIED)

    assert _refusal(service, signup, browser) is InvalidLink
    with pytest.raises(InvalidLink):
        service.email_verification.confirm(proof, PASSWORD, None, OWNER, NOW)


def test_a_link_whose_subject_is_gone_is_refused(service: OAuthService) -> None:
    """Swept, or never there."""
    plaintext, token = issue(PROVIDER_VERIFICATION, "github#404", lifetime=timedelta(hours=1), now=NOW)
    service.world.commit(Issue(token))

    assert _refusal(service, plaintext, "0" * 64) is InvalidLink


def test_three_mails_in_six_hours_are_the_most_for_one_address(service: OAuthService) -> None:
    """Whoever sends them: nobody is buried in mail by somebody else's sign-ins."""
    outcomes = []
    for subject in ("1", "2", "3", "4"):
        _begin(service, replace(UNVERIFIED, subject=subject))
        outcomes.append(service.mailing.deliver(messages.ProviderSignup(identity=f"github#{subject}"), NOW))

    assert outcomes == ["sent", "sent", "sent", "limit_reached"]


def test_a_subject_that_is_confirmed_gets_no_more_mail(service: OAuthService) -> None:
    """A message that comes late finds nobody to tell."""
    browser = _begin(service)
    _confirm(service, service.mailed_proof(UNVERIFIED), browser)

    assert service.mailing.deliver(messages.ProviderSignup(identity="github#77"), NOW) == "nobody_to_tell"
