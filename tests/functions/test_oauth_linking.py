"""Identities through the functions: linked, claimed, verified by email, and unlinked."""

from typing import Any

import pytest

from accounts import errors
from accounts.model.identities import public_id
from tests.functions import expected
from tests.functions.away import EmulatedProviders
from tests.functions.cloud import SITE_URL
from tests.functions.conftest import NOW
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.oauth_answers import check_page, identity_keys, owner_of, session_of
from tests.functions.people import Person
from tests.functions.requests import SAMPLE_LINK_TOKEN, SAMPLE_OTHER_TOKEN, request, sample
from tests.unit.accounts.identity_providers.transport import GITHUB_EMAILS


def test_linking_keeps_the_session_and_returns_to_the_account(functions: Lambdas, providers: EmulatedProviders) -> None:
    """No session cookie is set; the identity is listed."""
    person = functions.people.arrange()
    departure = providers.link("github")
    providers.github_says(email="work@example.com")
    arrival = providers.come_back(departure, "github", session=person.token)

    assert (arrival.status, arrival.result["headers"]["location"]) == (303, f"{SITE_URL}/account")
    assert [cookie.split("=")[0] for cookie in arrival.result["cookies"]] == list(providers.browser)
    listed = functions.invoke("identity_list", sample("identity_list")).json["identities"]
    assert [(it["provider"], it["email"]) for it in listed] == [("email", person.email), ("github", "work@example.com")]
    assert [item["digest"]["S"] for item in functions.cloud.tables()["SessionsTable"]] == [person.session_id]


@pytest.mark.parametrize("session", [None, SAMPLE_OTHER_TOKEN, "x" * 43])
def test_only_the_session_that_requested_a_link_can_complete_it(
    functions: Lambdas, providers: EmulatedProviders, session: str | None
) -> None:
    """401 as a page; GitHub is not called, nothing is linked, and no session changes."""
    person = functions.people.arrange()
    functions.people.login(person, SAMPLE_OTHER_TOKEN)
    departure = providers.link("github")
    sessions = functions.cloud.tables()["SessionsTable"]
    answer = providers.come_back(departure, "github", session=session)

    assert (answer.status, "<code>not_authenticated</code>" in answer.result["body"]) == (401, True)
    assert (providers.wire.urls, identity_keys(functions)) == ([], {f"email#{person.email}"})
    assert functions.cloud.tables()["SessionsTable"] == sessions


def test_an_identity_of_another_account_is_not_linked(functions: Lambdas, providers: EmulatedProviders) -> None:
    """409 as a page."""
    departure = providers.start("github")
    providers.github_says(email="other@example.com")
    providers.come_back(departure, "github")
    person = functions.people.arrange()
    link = providers.link("github")

    check_page(providers.come_back(link, "github", session=person.token), 409, errors.IdentityLinkedElsewhere)


def test_the_last_identity_cannot_be_unlinked(functions: Lambdas, providers: EmulatedProviders) -> None:
    """409 for the only identity, 404 for one that the account does not have."""
    departure = providers.start()
    providers.google_says(sub="1")
    token = session_of(providers.come_back(departure))
    functions.people.arrange(Person("SomebodyElse", "else@example.com", token=SAMPLE_OTHER_TOKEN))

    def unlink(key: str) -> Any:
        event = request("identity_unlink", cookie=token, target=public_id(key))
        return functions.invoke("identity_unlink", event).read

    assert unlink("google#1") == expected.refusal("identity_unlink", 409, "last_identity")
    for key in ("google#2", "email#person@example.com", "email#else@example.com"):
        assert unlink(key) == expected.refusal("identity_unlink", 404, "not_found")


def test_an_existing_password_is_not_set_again(functions: Lambdas) -> None:
    """409, no hash, no change."""
    functions.people.arrange()
    before = functions.cloud.tables()
    answer = functions.invoke("password_set", sample("password_set"))

    assert answer.read == expected.refusal("password_set", 409, "password_exists")
    assert (answer.hashes, functions.cloud.tables()) == (0, before)


def test_a_pre_registered_victim_gets_a_clean_account(functions: Lambdas, providers: EmulatedProviders) -> None:
    """The attacker's password never works; the victim's account has none."""
    squatter = Person("SquattersAccount", "person@example.com", password="canary password of the squatter")
    functions.people.sign_up(squatter, SAMPLE_LINK_TOKEN)
    departure = providers.start()
    providers.google_says()
    token = session_of(providers.come_back(departure))

    assert owner_of(functions, token)["id"] != "SquattersAccount"
    body = {"email": "person@example.com", "password": squatter.password}
    refused = functions.invoke("login", request("login", body=body))
    assert refused.read == expected.refusal("login", 401, "invalid_credentials")
    body = {"token": SAMPLE_LINK_TOKEN, "password": squatter.password}
    late = functions.invoke("email_verify", request("email_verify", body=body))
    assert late.read == expected.refusal("email_verify", 409, "address_confirmed")
    [address] = [it for it in functions.cloud.tables()["IdentitiesTable"] if it["identity"]["S"].startswith("email#")]
    assert sorted(set(address) & {"password_hash", "pending_token", "expires_at"}) == []


def test_an_unverified_email_needs_the_emailed_link_and_this_browser(
    functions: Lambdas, providers: EmulatedProviders
) -> None:
    """Neither works alone; together they link the identity to the existing account."""
    person = functions.people.arrange()
    departure = providers.start("github")
    providers.github_says(verified=False)
    check_page(providers.come_back(departure, "github"), 403, errors.EmailNotVerified)
    functions.deliver_all()
    token = functions.cloud.mailed_token()
    [(name, browser)] = providers.browser.items()

    def confirm(link: str, cookie: str) -> Answer:
        event = request("identity_confirm", body={"token": link}) | {"cookies": [f"{name}={cookie}"]}
        return functions.invoke("identity_confirm", event)

    elsewhere = (
        "Open this link within an hour, in the browser where you started. To get a new link, log in there again."
    )
    assert confirm(token, "x" * 43).read == expected.refusal("identity_confirm", 400, "invalid_link", elsewhere)
    assert confirm("x" * 43, browser).read == expected.refusal("identity_confirm", 400, "invalid_link")
    confirmed = confirm(token, browser)
    assert (confirmed.status, confirmed.json) == (200, person.customer(NOW))
    assert identity_keys(functions) == {"email#person@example.com", "github#583231"}
    assert confirm(token, browser).read == expected.refusal("identity_confirm", 400, "invalid_link")


@pytest.mark.parametrize(
    "emails", [[], [{"email": "a@example.com", "primary": False, "verified": True}], {"message": "x"}]
)
def test_a_github_account_without_a_primary_email_is_refused(
    functions: Lambdas, providers: EmulatedProviders, emails: Any
) -> None:
    """The email of the public profile is not used instead."""
    departure = providers.start("github")
    providers.github_says()
    providers.wire.answers[GITHUB_EMAILS] = emails

    check_page(providers.come_back(departure, "github"), 403, errors.EmailMissing)
    assert identity_keys(functions) == set()


def test_another_subject_with_the_same_verified_email_is_refused(
    functions: Lambdas, providers: EmulatedProviders
) -> None:
    """409: the provider may have recycled the address."""
    departure = providers.start()
    providers.google_says(sub="1")
    providers.come_back(departure)
    again = providers.start()
    providers.google_says(sub="2")

    check_page(providers.come_back(again), 409, errors.AddressReused)
    assert identity_keys(functions) == {"email#person@example.com", "google#1"}
