"""Google and GitHub in a real browser, the stand-ins' own pages clicked through."""

from itertools import count

import pytest
from playwright.sync_api import Browser, Route, expect

from local.cloud import LocalCloud
from tests.browser.people import Visitor, say_yes, visitor_in
from tests.browser.scenes import Stage
from tests.local.person import Person, token_in

_serial = count(1)
_GOOGLE = "**/o/oauth2/v2/auth*"


def _address(prefix: str = "clicker") -> str:
    return f"{prefix}{next(_serial)}@example.org"


def _continue_with(visitor: Visitor, provider: str) -> None:
    visitor.page.get_by_role("link", name=f"Continue with {provider}").click()


@pytest.mark.parametrize("provider", ["Google", "GitHub"])
def test_a_person_logs_in_by_clicking(stage: Stage, provider: str) -> None:
    """To the provider and back to where they wanted to go."""
    stage.visitor.visit("/login?return_to=/api-keys")
    _continue_with(stage.visitor, provider)
    say_yes(stage.page, _address())

    stage.told("No API keys yet")
    assert stage.page.url == f"{stage.visitor.site}/api-keys"


def test_a_person_signs_up_by_clicking(stage: Stage) -> None:
    """The sign-up page offers the same ways; the account shows which one it was."""
    stage.visitor.visit("/signup")
    _continue_with(stage.visitor, "Google")
    email = _address()
    say_yes(stage.page, email)

    stage.told("This device")
    expect(stage.page.get_by_role("listitem").filter(has_text=email)).to_contain_text("Google")


def test_a_person_links_and_unlinks_by_clicking(stage: Stage) -> None:
    """Google first, then GitHub on purpose, and away with it again; the last one stays."""
    stage.visitor.visit("/login")
    _continue_with(stage.visitor, "Google")
    say_yes(stage.page, _address())
    stage.told("This device")
    stage.press("Link GitHub")
    say_yes(stage.page, _address("work"))
    stage.told("This device")
    stage.press("Unlink GitHub")
    stage.told("You can link it again at any time.")
    stage.press("Unlink")
    stage.told("Unlinked GitHub. All other devices and programs were logged out.")
    stage.press("Unlink Google")
    stage.press("Unlink")

    stage.told("This is your only way to log in.")


def test_the_login_of_another_person_cannot_be_linked(stage: Stage) -> None:
    """The page says whose it is not, and leads back to the account."""
    taken = _address("taken")
    Person(stage.cloud, email=taken).with_provider("github")
    other = Person(stage.cloud, email=taken)
    assert other.call("GET", other.with_provider("github")).status_code == 303
    stage.visitor.visit("/login")
    _continue_with(stage.visitor, "Google")
    say_yes(stage.page, _address())
    stage.told("This device")
    stage.press("Link GitHub")
    say_yes(stage.page, taken)

    expect(stage.page.locator("code")).to_have_text("identity_linked_elsewhere")
    stage.page.get_by_role("link", name="Go to your account").click()
    stage.told("This device")


def test_a_callback_opened_in_another_browser_does_nothing_there(
    visitor: Visitor, chromium: Browser, cloud: LocalCloud
) -> None:
    """The page says that it was not started here, and offers to start again."""
    caught: list[str] = []

    def keep(route: Route) -> None:
        """The stand-in's redirect is caught on its way back, as malware on the person's machine might."""
        caught.append(route.fetch(max_redirects=0).headers["location"])
        route.fulfill(body="caught")

    visitor.visit("/login")
    _continue_with(visitor, "Google")
    visitor.page.wait_for_url(_GOOGLE)
    visitor.context.route(_GOOGLE, keep)
    say_yes(visitor.page, _address())
    expect(visitor.page.get_by_text("caught")).to_be_visible()
    other = visitor_in(chromium, cloud)
    other.page.goto(caught[0])

    expect(other.page.locator("code")).to_have_text("cookies_blocked")
    assert other.context.cookies() == []
    other.context.close()


def test_an_unverified_address_is_confirmed_by_mail_in_this_browser(stage: Stage) -> None:
    """GitHub has not verified it; the link in our email completes the login here."""
    person = Person(stage.cloud, email=_address("unverified"))
    stage.visitor.visit("/login")
    _continue_with(stage.visitor, "GitHub")
    say_yes(stage.page, person.email)
    expect(stage.page.locator("code")).to_have_text("email_not_verified")
    stage.told("GitHub hasn't verified your email address.")
    stage.told(person.email)
    person.wait_for_mail("Confirm your email address for Comfy")
    stage.page.get_by_role("link", name="Send again").click()
    say_yes(stage.page, person.email)
    stage.told("Check your email")

    token = token_in(person.wait_for_mail("Confirm your email address for Comfy"))
    stage.visitor.visit(f"/verify-email#token={token}&with=github")
    stage.told("the email address of your GitHub account")
    stage.press("Confirm address")

    stage.told("is confirmed, and you're logged in")


def test_a_provider_that_is_not_set_up_is_not_offered(stage: Stage) -> None:
    """The page offers what the service does, and passkeys."""
    stage.answer("/auth/methods*", 200, '{"methods": ["email", "github", "api_key"]}')
    stage.visitor.visit("/login")
    expect(stage.page.get_by_role("link", name="Continue with GitHub")).to_be_visible()
    expect(stage.page.get_by_role("link", name="Continue with Google")).to_have_count(0)
    stage.page.unroute_all()
    stage.answer("/auth/methods*", 200, '{"methods": ["email", "api_key"]}')
    stage.visitor.visit("/login")

    expect(stage.page.get_by_role("button", name="Log in with a passkey")).to_be_visible()
    expect(stage.page.get_by_role("link", name="Continue with")).to_have_count(0)
