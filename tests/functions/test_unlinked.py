"""The owner's "no" lasts: an identity that was unlinked comes back only when the logged-in owner links it again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts import errors
from accounts.model.identities import public_id
from tests.functions.away import EmulatedProviders
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.oauth_answers import check_page, identity_keys, owner_of, session_of
from tests.functions.people import Person
from tests.functions.requests import SAMPLE_LINK_TOKEN, SAMPLE_OTHER_TOKEN, request, sample

SET_BY_THE_THIEF = "sample new passphrase of the events folder"
OLIVE, EVE = "person@example.com", "eve@example.com"
KEYS = {"google": "google#1001", "github": "github#77"}
OTHER = {"google": "github", "github": "google"}
of_each_provider = pytest.mark.parametrize("provider", KEYS)


class Browser:
    """Logs in with a provider, which says what the test wants."""

    def __init__(self, functions: Lambdas, providers: EmulatedProviders) -> None:
        self.functions = functions
        self.providers = providers

    def _says(self, provider: str, email: str, *, verified: bool) -> None:
        if provider == "google":
            self.providers.google_says(sub="1001", email=email, email_verified=verified)
        else:
            self.providers.github_says(77, email, verified=verified)

    def logs_in(self, provider: str, email: str = OLIVE, *, verified: bool = True) -> Answer:
        departure = self.providers.start(provider)
        self._says(provider, email, verified=verified)
        return self.providers.come_back(departure, provider)

    def links(self, provider: str, token: str, email: str = OLIVE) -> None:
        event = request("oauth_start", cookie=token)
        departure = self.providers.link(provider, cookies=event["cookies"])
        self._says(provider, email, verified=True)
        assert self.providers.come_back(departure, provider, session=token).status == 303

    def unlinks(self, provider: str, token: str) -> Answer:
        event = request("identity_unlink", cookie=token, target=public_id(KEYS[provider]))
        answer = self.functions.invoke("identity_unlink", event)
        assert answer.status == 204
        return answer

    def deletes_the_account(self, token: str) -> None:
        assert self.functions.invoke("account_delete", request("account_delete", cookie=token)).status == 204


@pytest.fixture
def browser(functions: Lambdas, providers: EmulatedProviders) -> Browser:
    return Browser(functions, providers)


@pytest.fixture
def owner(functions: Lambdas) -> Person:
    return functions.people.arrange()


def _through_an_account_that_is_deleted(browser: Browser, provider: str) -> None:
    browser.deletes_the_account(session_of(browser.logs_in(provider, EVE)))


def _through_an_unverified_address(browser: Browser, provider: str) -> None:
    check_page(browser.logs_in(provider, verified=False), 403, errors.EmailNotVerified)


def _through_an_account_that_unlinks_it(browser: Browser, provider: str) -> None:
    token = session_of(browser.logs_in(provider, EVE))
    browser.links(OTHER[provider], token, EVE)
    browser.unlinks(provider, token)


ATTACKS: tuple[Callable[[Browser, str], None], ...] = (
    _through_an_account_that_is_deleted,
    _through_an_unverified_address,
    _through_an_account_that_unlinks_it,
)


@of_each_provider
@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("secured", [False, True])
def test_an_unlinked_identity_does_not_come_back_by_itself(
    browser: Browser, owner: Person, provider: str, attack: Callable[[Browser, str], None], secured: bool
) -> None:
    """Whatever happens to it in between, and also after the owner has logged out everywhere and reset the password."""
    browser.links(provider, owner.token)
    browser.unlinks(provider, owner.token)
    if secured:
        _secure(browser.functions, owner)
    attack(browser, provider)

    check_page(browser.logs_in(provider), 409, errors.AddressReused)
    sessions = browser.functions.cloud.tables()["SessionsTable"]
    theirs = [it["digest"]["S"] for it in sessions if it["user_id"]["S"] == owner.user_id]
    assert theirs == ([] if secured else [owner.session_id])


def _secure(functions: Lambdas, owner: Person) -> None:
    assert functions.invoke("session_revoke_all", request("session_revoke_all", cookie=owner.token)).status == 204
    functions.clock.now += timedelta(seconds=1)
    functions.people.store_reset_link(owner, at=functions.clock.now)
    assert functions.invoke("password_reset", sample("password_reset")).status == 204


@of_each_provider
def test_the_owner_can_link_it_again(browser: Browser, owner: Person, provider: str) -> None:
    """It then logs in, and can be unlinked again."""
    browser.links(provider, owner.token)
    browser.unlinks(provider, owner.token)
    browser.links(provider, owner.token)
    assert browser.logs_in(provider).status == 303
    browser.unlinks(provider, owner.token)

    check_page(browser.logs_in(provider), 409, errors.AddressReused)


def test_unlinking_ends_what_the_identity_opened(browser: Browser, owner: Person) -> None:
    """Its session and every other, in the browser and of programs; the owner's current one and the keys stay."""
    browser.links("github", owner.token)
    thief = session_of(browser.logs_in("github"))
    browser.functions.people.login(owner, SAMPLE_OTHER_TOKEN)
    answer = browser.unlinks("github", owner.token)

    assert [_status(browser.functions, token) for token in (owner.token, thief, SAMPLE_OTHER_TOKEN)] == [200, 401, 401]
    tables = browser.functions.cloud.tables()
    assert [it["digest"]["S"] for it in tables["SessionsTable"]] == [owner.session_id]
    assert [it["digest"]["S"] for it in tables["ApiKeysTable"]] == [owner.key_id]
    assert answer.events == ["authn_identity_unlinked"]
    browser.functions.deliver_all()
    text = browser.functions.cloud.mailed_text()
    assert "All other devices and programs were logged out." in text
    assert "Your API keys still work." in text


@pytest.mark.parametrize("proven", [False, True])
def test_a_password_that_was_set_after_a_login_with_it_ends_too(browser: Browser, proven: bool) -> None:
    """Unless it was reset by email since. The owner's email says so, and what still logs in."""
    functions = browser.functions
    browser.links("github", session_of(browser.logs_in("google")))
    thief = session_of(browser.logs_in("github"))
    assert functions.invoke("password_set", request("password_set", cookie=thief)).status == 204
    if proven:
        functions.clock.now += timedelta(seconds=1)
        functions.people.store_reset_link(Person(owner_of(functions, thief)["id"], OLIVE), at=functions.clock.now)
        assert functions.invoke("password_reset", sample("password_reset")).status == 204
    browser.unlinks("github", session_of(browser.logs_in("google")))
    functions.deliver_all()

    assert _logs_in(functions, "another sample passphrase of the events" if proven else SET_BY_THE_THIEF) is proven
    text = functions.cloud.mailed_text()
    assert ("Your password was also removed, because it was set after a login with GitHub." in text) is not proven
    assert f"You can still log in with {'your password and Google' if proven else 'Google'}." in text


def _logs_in(functions: Lambdas, password: str) -> bool:
    body = {"email": OLIVE, "password": password}
    return functions.invoke("login", request("login", body=body)).status == 200


def _status(functions: Lambdas, token: str) -> int:
    return functions.invoke("account_show", request("account_show", cookie=token)).status


@of_each_provider
def test_a_late_message_neither_writes_nor_emails(browser: Browser, owner: Person, provider: str) -> None:
    """The mailer was down while the identity waited for its email; then it was linked and unlinked."""
    check_page(browser.logs_in(provider, verified=False), 403, errors.EmailNotVerified)
    late = [body for body in browser.functions.cloud.queued() if "provider_sign_up" in body]
    browser.links(provider, owner.token)
    browser.unlinks(provider, owner.token)
    before = browser.functions.cloud.tables()

    assert len(late) == 1
    assert browser.functions.deliver(*late).result == {"batchItemFailures": []}
    # The mailer notes each message that it has handled.
    after = browser.functions.cloud.tables() | {"MailDeliveriesTable": before["MailDeliveriesTable"]}
    assert (browser.functions.cloud.mails(), after) == ([], before)


@of_each_provider
def test_an_unlinked_identity_cannot_have_emails_sent_to_the_owner(
    browser: Browser, owner: Person, provider: str
) -> None:
    """It asks to confirm the owner's address: the same answer as for any other, and no email."""
    browser.links(provider, owner.token)
    browser.unlinks(provider, owner.token)
    browser.functions.deliver_all()
    notices = len(browser.functions.cloud.mails())
    browser.functions.clock.now += timedelta(seconds=1)
    check_page(browser.logs_in(provider, verified=False), 403, errors.EmailNotVerified)
    browser.functions.deliver_all()

    assert browser.functions.cloud.mails()[notices:] == []


def test_a_deleted_account_leaves_nothing_of_an_unlinked_identity(browser: Browser, owner: Person) -> None:
    """No mark is left without an account."""
    for provider in KEYS:
        browser.links(provider, owner.token)
        browser.unlinks(provider, owner.token)
    browser.deletes_the_account(owner.token)

    tables = browser.functions.cloud.tables()
    assert [tables[name] for name in ("UsersTable", "IdentitiesTable", "SessionsTable", "ApiKeysTable")] == [[]] * 4


@pytest.mark.parametrize("way", ["google", "password"])
def test_a_pending_link_dies_when_the_account_of_its_address_begins(browser: Browser, way: str) -> None:
    """GitHub has not verified the address. The owner logs in another way; then the link is opened."""
    check_page(browser.logs_in("github", verified=False), 403, errors.EmailNotVerified)
    [(name, secret)] = browser.providers.browser.items()
    browser.functions.deliver_all()
    link = browser.functions.cloud.mailed_token()
    _arrive(browser, way)

    event = request("identity_confirm", body={"token": link}) | {"cookies": [f"{name}={secret}"]}
    answer = browser.functions.invoke("identity_confirm", event)
    assert (answer.status, answer.json["error"]) == (400, "invalid_link")
    assert identity_keys(browser.functions) - {"google#1001"} == {f"email#{OLIVE}", "github#77"}
    [account] = browser.functions.cloud.tables()["UsersTable"]
    assert "github#77" not in account["identities"]["SS"]


def _arrive(browser: Browser, way: str) -> None:
    if way == "google":
        assert browser.logs_in("google").status == 303
        return
    person = Person("NewAccount", OLIVE)
    browser.functions.people.sign_up(person, SAMPLE_LINK_TOKEN)
    body: Any = {"token": SAMPLE_LINK_TOKEN, "password": person.password}
    assert browser.functions.invoke("email_verify", request("email_verify", body=body)).status == 200
