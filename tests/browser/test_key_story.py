"""What happens to an API key without its owner: it is reported as leaked, or expires."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from local.mailbox import Mailbox
from local.processes import free_port
from tests.browser.scenes import Stage
from tests.local import leaks
from tests.local.ageing import age
from tests.local.deployed import invoke
from tests.local.person import Person, with_key

URL = "https://github.com/octocat/Hello-World/blob/main/notebook.ipynb"


@pytest.fixture
def mailbox(stage: Stage) -> Iterator[Mailbox]:
    """The mailbox of `make dev`, with the page for reports. The service knows the scanner."""
    leaks.know_the_scanner(stage.cloud)
    running = Mailbox(free_port(), stage.cloud.messages, stage.cloud.site_url, stage.cloud.scanner)
    running.start()
    yield running
    running.stop()


def test_a_key_that_leaked_is_gone_and_its_owner_reads_why(stage: Stage, owner: Person, mailbox: Mailbox) -> None:
    """From the page that creates it, over the report of the scanner, to the email and the history."""
    stage.visitor.visit("/api-keys")
    stage.press("+ New API Key")
    stage.page.get_by_label("Name", exact=True).fill("render farm")
    stage.press("Generate")
    stage.told("Copy it now")
    key = stage.page.get_by_label("API key", exact=True).input_value()
    stage.press("Done")
    used = owner.call("GET", "/customers/me", cookie="", x_api_key=key, user_agent="python-requests/2.32")
    assert used.status_code == 200

    scanner = stage.visitor.context.new_page()
    scanner.goto(mailbox.url)
    scanner.get_by_role("link", name="Report a leaked API key").click()
    scanner.get_by_label("Text that was published").fill(f"os.environ['COMFY_API_KEY'] = '{key}'")
    scanner.get_by_label("Address where it was found").fill(URL)
    scanner.get_by_label("Kind of place").select_option("commit")
    scanner.get_by_role("button", name="Report").click()
    expect(scanner.get_by_role("heading", name="The service answered 200")).to_be_visible()
    expect(scanner.get_by_role("status")).to_contain_text('"label": "true_positive"')
    expect(scanner.get_by_label("Kind of place")).to_have_value("commit")

    assert with_key(owner, key) == 401
    stage.visitor.visit("/api-keys")
    stage.told("No API keys yet")
    owner.wait_for_mail("An API key for your Comfy account leaked")
    scanner.get_by_role("link", name="mailbox").click()
    mail = scanner.get_by_role("article").filter(has_text=owner.email).first
    for said in ('"render farm"', "a commit on GitHub", URL, "Last used with: Python", "Create a new key"):
        expect(mail).to_contain_text(said)
    stage.visitor.visit("/account")
    entry = stage.page.locator("#activity > li").filter(has_text='API key "render farm" was found in public')
    expect(entry).to_have_count(1)
    expect(entry).to_contain_text("so we deleted it")
    expect(entry).to_contain_text(URL)


def test_an_expired_key_says_so_and_frees_its_place(stage: Stage, owner: Person) -> None:
    """Its owner can still rename and delete it, but not rotate it."""
    stage.visitor.visit("/api-keys")
    stage.press("+ New API Key")
    stage.page.get_by_label("Name", exact=True).fill("render farm")
    stage.page.get_by_label("Expires").select_option("In 7 days")
    stage.press("Generate")
    stage.told("Copy it now")
    stage.press("Done")
    stage.told("1 of 25")
    (made,) = owner.call("GET", "/customers/api-keys").json()["api_keys"]
    age(stage.cloud, made["id"], timedelta(days=6))
    invoke(stage.cloud, "key_expire")
    mail = owner.wait_for_mail("An API key for your Comfy account expires soon")
    assert f"API key: {made['key_prefix']}…" in mail["BodyText"]

    age(stage.cloud, made["id"], timedelta(days=1))
    invoke(stage.cloud, "key_expire")

    stage.visitor.visit("/api-keys")
    row = stage.page.get_by_role("row").filter(has_text="render farm")
    expect(row).to_contain_text("Expired")
    expect(stage.page.get_by_text("1 of 25")).to_have_count(0)
    stage.press("Actions for render farm")
    expect(stage.page.get_by_role("menuitem")).to_have_text(["Rename…", "Restrict…", "Delete…"])
    stage.visitor.visit("/account")
    entry = stage.page.locator("#activity > li").filter(has_text='API key "render farm" expired')
    expect(entry).to_have_count(1)
