"""Signing up, and the link in the email."""

from playwright.sync_api import expect

from tests.browser.scenes import Stage, confirm_beside, sign_up
from tests.local.person import PASSWORD, Person, token_in

CONFIRM = "Confirm your email address for Comfy"


def _sign_up(stage: Stage, email: str, password: str = PASSWORD) -> None:
    stage.visitor.visit("/signup")
    stage.page.get_by_label("Name").fill("Ann")
    stage.page.get_by_label("Email address").fill(email)
    stage.page.get_by_label("New password", exact=True).fill(password)
    stage.press("Sign up")


def test_a_person_signs_up_by_keyboard(stage: Stage) -> None:
    """Form, email, link, password, account; the token leaves the address bar at once."""
    person = Person(stage.cloud, email="newcomer@example.com")
    _sign_up(stage, person.email)
    stage.told("Check your email")
    stage.told(person.email)
    token = token_in(person.wait_for_mail(CONFIRM))
    stage.visitor.context.clear_cookies()
    stage.visitor.visit(f"/verify-email#token={token}")
    stage.told("You signed up in another browser, or a while ago.")
    assert stage.page.url == f"{stage.visitor.site}/verify-email"
    expect(stage.page.get_by_label("Password", exact=True)).to_be_focused()
    stage.page.keyboard.type("not this one, surely not")
    stage.page.keyboard.press("Enter")
    stage.told("That isn't the password you chose when you signed up.")
    stage.page.keyboard.type(PASSWORD)
    stage.page.keyboard.press("Enter")

    stage.told(f"{person.email} is confirmed, and you're logged in.")
    stage.page.get_by_role("link", name="Go to your account").click()
    stage.told("Ann")
    stage.visitor.visit(f"/verify-email#token={token}")
    stage.page.get_by_label("Password", exact=True).fill(PASSWORD)
    stage.press("Confirm address")
    stage.told("This link doesn't work")
    stage.visitor.visit(f"/verify-email#token={token}&email={person.email}")
    stage.told("It's already confirmed, and you're logged in.")


def test_a_person_with_an_international_address_signs_up(stage: Stage) -> None:
    """Capitals, a decomposed letter and a pasted no-break space; then it is shown with its letters everywhere."""
    person, written = Person(stage.cloud, email="ann@xn--bcher-kva.example"), "ann@bücher.example"
    _sign_up(stage, "Ann@BU\u0308CHER.Example\xa0")
    stage.told("Check your email")
    stage.visitor.visit(f"/verify-email#token={token_in(person.wait_for_mail(CONFIRM))}")
    stage.told("Confirm your address to finish signing up.")
    stage.press("Confirm address")
    stage.told(f"{written} is confirmed, and you're logged in.")
    stage.page.get_by_role("link", name="Go to your account").click()

    expect(stage.page.locator("#email-shown")).to_have_text(written)
    stage.press("Delete my account…")
    expect(stage.page.locator("#delete-address")).to_have_text(written)
    stage.page.locator("#typed-address").fill("Ann@BU\u0308CHER.example")
    stage.page.locator("#delete-form [type=submit]").click()
    stage.told("Your account has been deleted")


def test_six_clicks_lead_from_the_login_page_to_a_copied_key(stage: Stage) -> None:
    """With the one in the email."""
    person, page = Person(stage.cloud), stage.page
    stage.visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    stage.visitor.visit("/login?return_to=/api-keys")
    page.get_by_role("link", name="Sign up").click()
    sign_up(stage, person.email)
    confirm_beside(stage, person)
    page.get_by_label("Name", exact=True).fill("laptop")
    stage.press("Generate")
    page.locator("#copy").click()

    expect(page.locator("#copied")).not_to_be_empty()
    assert page.evaluate("navigator.clipboard.readText()").startswith("comfyui-")


def test_opening_a_link_does_nothing_before_a_click(stage: Stage) -> None:
    """Email scanners open links, too."""
    person = Person(stage.cloud, email="scanned@example.com")
    token = person.signup()
    stage.visitor.visit(f"/verify-email#token={token}")

    assert person.confirm(token).status_code == 200


def test_another_mail_can_be_asked_for_after_a_while(timed: Stage) -> None:
    """The page says how long; an address that is taken looks no different, and can be changed."""
    timed.page.clock.install()
    _sign_up(timed, timed.person.email)
    timed.told("Check your email")
    timed.told("Send again in")
    timed.page.clock.fast_forward(61_000)
    timed.press("Send again")
    timed.told("We sent another email.")
    timed.press("Use a different address")

    expect(timed.page.get_by_label("Email address")).to_have_value(timed.person.email)
    expect(timed.page.get_by_label("Email address")).to_be_focused()


def test_a_password_that_others_use_is_refused_where_it_was_typed(stage: Stage) -> None:
    """By the service; the page's own estimate does not know every list."""
    _sign_up(stage, "weak@example.com", "weakweakweakweak@example.com1"[:16])

    stage.told("Choose a password that is not made of your email address")
    expect(stage.page.get_by_label("New password", exact=True)).to_be_focused()


def test_strength_is_said_while_typing(stage: Stage) -> None:
    """Length first; rows, repeats and the own address count for little."""
    stage.visitor.visit("/signup")
    stage.page.get_by_label("Email address").fill("abracadabra@example.com")
    password = stage.page.get_by_label("New password", exact=True)
    said = {
        "tooshort": "Too short: add 7 more.",
        "aaaaaaaaaaaaaaaaaaaaaaa": "Easy to guess",
        "123456789012345678901234": "Easy to guess",
        "abracadabraabracadabra": "Easy to guess",
        "qx7mabracadabravoty": "Easy to guess",
        "mellow mellow bay": "Fair.",
        "brisk otter pays": "Good",
        PASSWORD: "Strong",
        "x" * 257: "use 256 characters or fewer",
    }
    for typed, words in said.items():
        password.fill(typed)
        expect(stage.page.locator("#new-password-note")).to_contain_text(words)


def test_a_link_that_was_cut_off_is_said_so(stage: Stage) -> None:
    """A new link can be requested for the address."""
    stage.visitor.visit("/verify-email")
    stage.told("This link doesn't work")
    stage.page.get_by_role("textbox", name="Email address").fill("ann@example.com")
    stage.press("Send a new link")

    stage.told("we've sent a new email")
