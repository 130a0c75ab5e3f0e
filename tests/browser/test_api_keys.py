"""API keys, from the page to the table and away again."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Dialog, Locator, expect

from tests.browser.people import long_ago, say_yes
from tests.browser.scenes import WRONG, Stage
from tests.local.person import PASSWORD, Person


def test_a_key_is_made_shown_once_copied_used_and_deleted(stage: Stage, owner: Person) -> None:
    """By keyboard alone, with a name that is required."""
    stage.visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    stage.visitor.visit("/api-keys")
    stage.told("No API keys yet")
    stage.page.get_by_role("button", name="+ New API Key").press("Enter")
    stage.page.keyboard.press("Enter")
    stage.told("Enter a name for the key.")
    stage.page.keyboard.type("render box")
    stage.page.keyboard.press("Tab")
    stage.page.keyboard.type("on the shelf")
    stage.page.keyboard.press("Enter")

    stage.told("You won't be able to see it again")
    key = stage.page.get_by_label("API key", exact=True).input_value()
    stage.page.keyboard.press("Escape")
    stage.told("Copy the key first")
    stage.page.keyboard.press("Escape")
    expect(stage.page.get_by_label("API key", exact=True)).to_be_visible()
    stage.page.keyboard.press("Enter")
    stage.told("Copied")
    assert stage.page.evaluate("navigator.clipboard.readText()") == key
    stage.page.keyboard.press("Escape")
    expect(stage.page.get_by_label("API key", exact=True)).to_be_hidden()
    assert key not in stage.page.content()
    entry = stage.page.get_by_role("row").filter(has_text="render box")
    expect(entry).to_contain_text(key[:16])
    expect(entry).to_contain_text("on the shelf")
    expect(entry.get_by_role("cell").nth(2)).to_have_text("Never")
    headers = {"X-API-KEY": key}
    assert Person(stage.cloud).call("GET", "/customers/me", **headers).json()["email"] == owner.email
    stage.visitor.visit("/api-keys")
    expect(entry).to_contain_text("Python · 127.0.0.1")

    stage.page.get_by_role("button", name="Actions for render box").press("ArrowDown")
    expect(stage.page.get_by_role("menuitem", name="Rename…")).to_be_focused()
    stage.page.keyboard.press("Escape")
    expect(stage.page.get_by_role("button", name="Actions for render box")).to_be_focused()
    stage.page.keyboard.press("ArrowUp")
    stage.page.keyboard.press("Enter")
    stage.told("Anything that uses it stops working right away.")
    stage.press("Delete")
    stage.told('Deleted "render box"')
    stage.told("No API keys yet")
    assert Person(stage.cloud).call("GET", "/customers/me", **headers).status_code == 401


def test_a_new_key_is_not_lost_by_a_reload_and_is_shown_whole(stage: Stage, owner: Person) -> None:  # noqa: ARG001 - logged in
    """Until it is copied; also on a narrow screen, or when zoomed. The address of the dialog opens it once."""
    stage.visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    stage.visitor.visit("/api-keys?new")
    stage.page.get_by_label("Name", exact=True).fill("narrow box")
    assert stage.page.url.endswith("/api-keys")
    stage.press("Generate")
    stage.told("Copy it now")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    stage.page.on("dialog", stay)
    for width in (320, 1280):
        stage.page.set_viewport_size({"width": width, "height": 800})
        key = stage.page.get_by_label("API key", exact=True)
        expect(key).to_be_visible()
        stage.page.wait_for_function("plaintext.scrollHeight <= plaintext.clientHeight")
    stage.page.evaluate("location.reload()")
    expect(key).to_be_visible()
    assert asked == ["beforeunload"]
    stage.page.get_by_role("button", name="Copy", exact=True).last.click()
    stage.told("Copied")
    stage.page.reload()

    expect(stage.page.get_by_role("row").filter(has_text="narrow box")).to_be_visible()
    stage.told("1 of 25")
    assert asked == ["beforeunload"]


def test_an_old_log_in_is_asked_for_the_password_and_carries_on(stage: Stage, owner: Person) -> None:
    """Where it was: the key is made, and not asked for again."""
    long_ago(stage.cloud, owner)
    stage.visitor.visit("/api-keys")
    stage.press("+ New API Key")
    stage.page.get_by_label("Name", exact=True).fill("late box")
    stage.press("Generate")
    stage.told("Confirm it's you")
    password = stage.page.get_by_label("Password", exact=True)
    expect(password).to_be_focused()
    password.fill(WRONG)
    stage.press("Continue")
    stage.told("Wrong password.")
    password.fill(PASSWORD)
    stage.press("Continue")

    stage.told("Copy it now")


def test_cancelling_keeps_what_was_typed(stage: Stage, owner: Person) -> None:
    """Escape closes the question, and the form is still there."""
    long_ago(stage.cloud, owner)
    stage.visitor.visit("/api-keys")
    stage.press("+ New API Key")
    stage.page.get_by_label("Name", exact=True).fill("late box")
    stage.press("Generate")
    stage.told("Confirm it's you")
    stage.page.keyboard.press("Escape")

    expect(stage.page.get_by_role("heading", name="Confirm it's you")).to_have_count(0)
    expect(stage.page.get_by_label("Name", exact=True)).to_have_value("late box")


def test_an_old_log_in_with_google_goes_there_and_back_and_carries_on(stage: Stage) -> None:
    """What was typed is there again, and the key can be made."""
    person = Person(stage.cloud, email="googler@example.org")
    stage.visitor.visit("/login?return_to=/api-keys")
    stage.page.get_by_role("link", name="Continue with Google").click()
    say_yes(stage.page, person.email)
    stage.told("No API keys yet")
    long_ago(stage.cloud, person)
    stage.press("+ New API Key")
    stage.page.get_by_label("Name", exact=True).fill("late box")
    stage.press("Generate")
    stage.told("Confirm it's you")
    expect(stage.page.get_by_label("Password", exact=True)).to_be_hidden()
    stage.press("Continue with Google")
    say_yes(stage.page, person.email)

    expect(stage.page.get_by_label("Name", exact=True)).to_have_value("late box")
    stage.press("Generate")
    stage.told("Copy it now")
    assert stage.page.evaluate("sessionStorage.length") == 0


def test_a_name_that_is_markup_is_a_name(stage: Stage, owner: Person) -> None:
    """Text is never more than text (XSS)."""
    owner.make_key("<img src=x onerror=alert(1)>")
    stage.visitor.visit("/api-keys")

    stage.told("<img src=x onerror=alert(1)>")
    assert stage.page.locator("main img").count() == 0


def test_a_failing_service_keeps_the_dialog(stage: Stage, owner: Person) -> None:
    """And what was typed in it."""
    stage.visitor.visit("/api-keys")
    stage.press("+ New API Key")
    stage.page.get_by_label("Name", exact=True).fill("box")
    stage.answer("/customers/api-keys", 503, method="POST")
    stage.press("Generate")
    stage.told("on our side")

    expect(stage.page.get_by_label("Name", exact=True)).to_have_value("box")
    assert owner.call("GET", "/customers/api-keys").json()["api_keys"] == []


def test_a_key_expires_when_its_owner_says_and_gets_another_name(stage: Stage, owner: Person) -> None:
    """In 90 days if the owner leaves the choice; the last day ends at midnight."""
    stage.visitor.visit("/api-keys")
    stage.press("+ New API Key")
    stage.page.get_by_label("Name", exact=True).fill("box")
    expect(stage.page.get_by_label("Expires")).to_have_value("90")
    stage.page.get_by_label("Expires").select_option("On a date")
    stage.press("Generate")
    stage.told("Choose the last day.")
    stage.page.get_by_label("Last day").fill("2020-01-31")
    stage.press("Generate")
    stage.told("Choose an expiry date in the future.")
    stage.page.get_by_label("Expires").select_option("Never")
    stage.told("The key works until you delete it.")
    stage.page.get_by_label("Expires").select_option("In 7 days")
    stage.press("Generate")
    stage.told("Copy it now")
    key = stage.page.get_by_label("API key", exact=True).input_value()
    expect(stage.page.get_by_label("comfy-cli", exact=True)).to_have_value(f"comfy cloud set-key --key {key}")
    stage.press("Done")

    stage.press("Actions for box")
    stage.page.get_by_role("menuitem", name="Rename…").click()
    stage.page.get_by_label("New name").fill("box 2")
    stage.press("Save")
    stage.told('Saved "box 2".')
    (stored,) = owner.call("GET", "/customers/api-keys").json()["api_keys"]
    lasts = datetime.fromisoformat(stored["expires_at"]) - datetime.fromisoformat(stored["created_at"])
    assert (stored["name"], round(lasts / timedelta(days=1))) == ("box 2", 7)


def test_many_keys_are_searched_and_sorted(stage: Stage, owner: Person) -> None:
    """From ten keys on, in any of their words. A key that was not used or does not expire comes last."""
    for number in range(8):
        owner.make_key(f"box {number}")
    for name, days in (("box 8", 30), ("box 9", 7)):
        body = {"name": name, "expires_at": (datetime.now(UTC) + timedelta(days=days)).isoformat()}
        made = owner.call("POST", "/customers/api-keys", body).json()["api_key"]
    assert owner.call("GET", "/customers/me", cookie="", x_api_key=made["plaintext_key"]).status_code == 200
    stage.visitor.visit("/api-keys")
    names = stage.page.locator("#keys .name")
    newest = [f"box {number}" for number in range(9, -1, -1)]
    orders = {
        "Newest": newest,
        "Name": newest[::-1],
        "Last used": newest,
        "Expires first": newest,
    }
    for order, shown in orders.items():
        stage.page.get_by_label("Sort by").select_option(order)
        expect(names).to_have_text(shown)
    stage.page.get_by_label("Search").fill("7 BOX")
    stage.told("1 of 10 keys")
    expect(names).to_have_text(["box 7"])


def test_a_key_is_rotated_and_its_old_secret_ended(stage: Stage, owner: Person) -> None:
    """Both work, and the list has both, until the owner ends the old one."""
    stage.visitor.visit("/api-keys")
    stage.press("+ New API Key")
    stage.page.get_by_label("Name", exact=True).fill("box")
    old = generate(stage)

    stage.press("Actions for box")
    stage.page.get_by_role("menuitem", name="Rotate…").click()
    stage.told("Both secrets work until")
    stage.press("Rotate")
    stage.told("Copy it now")
    new = stage.page.get_by_label("API key", exact=True).input_value()
    stage.press("Done")
    stage.told(f"{old[:16]}…")
    assert [owner.call("GET", "/customers/me", x_api_key=key).status_code for key in (old, new)] == [200, 200]

    stage.press("Actions for box")
    stage.page.get_by_role("menuitem", name="Revoke the old secret…").click()
    stage.press("Revoke now")
    stage.told('The old secret of "box" no longer works.')
    assert [owner.call("GET", "/customers/me", x_api_key=key).status_code for key in (old, new)] == [401, 200]


def begin_a_restricted_key(stage: Stage) -> Locator:
    """Open the dialog with the restrictions of a new key; returns the open dialog, also a later one."""
    stage.visitor.visit("/api-keys")
    stage.press("+ New API Key")
    stage.page.get_by_label("Name", exact=True).fill("box")
    stage.page.get_by_text("Advanced").click()
    return stage.page.locator("dialog[open]")


def generate(stage: Stage) -> str:
    """Create the key of the dialog and close it; returns the key."""
    stage.press("Generate")
    stage.told("Copy it now")
    key = stage.page.get_by_label("API key", exact=True).input_value()
    stage.press("Done")
    return key


def restrict(stage: Stage) -> None:
    """Open the dialog with the restrictions of the key."""
    stage.press("Actions for box")
    stage.page.get_by_role("menuitem", name="Restrict…").click()


def test_a_key_is_restricted_to_networks(stage: Stage, owner: Person) -> None:
    """When it is created and later. A wrong network is refused in its place, with nothing sent."""
    networks = begin_a_restricted_key(stage).get_by_label("Allowed networks")
    for wrong in ("203.0.113.7/24", "203.0.113.0/33", "203.0.113", "2001:db8::1/32", "2001:db8::g", "everywhere"):
        networks.fill(f"192.0.2.0/24\n{wrong}")
        stage.press("Generate")
        stage.told(f"{wrong} is not a network.")
        expect(networks).to_be_focused()
    networks.fill("192.0.2.0/24\n2001:db8::/32")
    key = generate(stage)
    stage.told("Only from 192.0.2.0/24 and 2001:db8::/32")
    assert owner.call("GET", "/customers/me", x_api_key=key).json()["error"] == "api_key_wrong_network"

    restrict(stage)
    expect(networks).to_have_value("192.0.2.0/24\n2001:db8::/32")
    networks.fill("0.0.0.0/0, ::/0, ::1")
    stage.press("Save")
    stage.told("Only from 0.0.0.0/0, ::/0, and ::1/128")
    assert owner.call("GET", "/customers/me", x_api_key=key).status_code == 200

    restrict(stage)
    networks.fill("")
    stage.press("Save")
    expect(stage.page.locator("#keys")).not_to_contain_text("Only from")


def test_a_key_is_restricted_to_scopes(stage: Stage, owner: Person) -> None:
    """When it is created and later, in the owner's words. It may not read the account unless that is allowed."""
    dialog = begin_a_restricted_key(stage)
    expect(dialog.get_by_label("See your jobs")).to_be_hidden()
    dialog.get_by_label("Permissions").select_option("Only what you choose")
    stage.press("Generate")
    stage.told("Choose at least one.")
    expect(dialog.locator("#key-may")).to_be_focused()
    dialog.get_by_label("See your jobs").check()
    key = generate(stage)
    stage.told("Limited to: See your jobs")
    assert owner.call("GET", "/customers/me", x_api_key=key).json()["error"] == "api_key_insufficient_scope"

    restrict(stage)
    expect(dialog.get_by_label("See your jobs")).to_be_checked()
    dialog.get_by_label("See your name and email address").check()
    stage.press("Save")
    stage.told("Limited to: See your name and email address, See your jobs")
    assert owner.call("GET", "/customers/me", x_api_key=key).status_code == 200

    restrict(stage)
    dialog.get_by_label("Permissions").select_option("Everything")
    expect(dialog.get_by_label("See your jobs")).to_be_hidden()
    stage.press("Save")
    expect(stage.page.locator("#keys")).not_to_contain_text("Limited to")
    (listed,) = owner.call("GET", "/customers/api-keys").json()["api_keys"]
    assert (listed["scopes"], listed["networks"]) == ([], [])


def test_a_use_from_a_new_network_is_emailed_and_in_the_activity(stage: Stage, owner: Person) -> None:
    """As a service says where the key came from; the emulated gateway sees one address only."""
    key = owner.make_key("render farm")["plaintext_key"]
    arn = stage.cloud.outputs["AdminSecretArn"]
    secret = stage.cloud.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    for source in ("192.0.2.7", "203.0.113.9"):
        body = {"api_key": key, "source": source, "user_agent": "curl/8.5.0"}
        asked = Person(stage.cloud).call("POST", "/admin/verify-api-key", body, x_comfy_admin_secret=secret)
        assert asked.json()["valid"]

    mail = owner.wait_for_mail("An API key for your Comfy account was used from a new network")
    assert "IP address: 203.0.113.9" in mail["BodyText"]
    assert "Previous IP address: 192.0.2.7" in mail["BodyText"]
    stage.visitor.visit("/account")
    entry = stage.page.locator("#activity > li").filter(has_text='API key "render farm" was used from a new network')
    expect(entry).to_have_count(1)
    expect(entry).to_contain_text("203.0.113.9")
