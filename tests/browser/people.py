"""A person at a browser."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect

from local.cloud import LocalCloud
from tests.local.person import Person

# How long a failing test takes. Nothing waits longer than it has to.
_PATIENCE = 60_000
expect.set_options(timeout=_PATIENCE)
_LOG_IN = """body => fetch("/auth/login", {
  method: "POST", headers: {"content-type": "application/json"}, body: JSON.stringify(body)
}).then(answer => answer.status)"""


@dataclass
class Visitor:
    """A person at a browser, and everything the browser complained of."""

    context: BrowserContext
    page: Page
    site: str
    complaints: list[str] = field(default_factory=list)

    def visit(self, path: str) -> None:
        """Open a page of the site and wait until it is complete."""
        if "#" in path:
            # Otherwise a page that is already open would only see its fragment change.
            self.page.goto("about:blank")
        self.page.goto(self.site + path)
        # Each page finds out who is here, at the latest when it has shown everything else.
        expect(self.page.locator("html[data-session]")).to_have_count(1)
        expect(self.page.locator(".pending")).to_have_count(0)

    def beside(self, path: str) -> Page:
        """Another tab of the same browser, on that page of the site."""
        tab = self.context.new_page()
        tab.goto(self.site + path)
        return tab


def visitor_in(browser: Browser, cloud: LocalCloud, **options: Any) -> Visitor:
    """A new visitor with a cookie jar of their own."""
    return visitor_on(browser.new_context(**options), cloud)


def visitor_on(context: BrowserContext, cloud: LocalCloud) -> Visitor:
    """A visitor with a browser that may have been here before."""
    context.set_default_timeout(_PATIENCE)
    visitor = Visitor(context, context.new_page(), cloud.site_url)
    visitor.page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    visitor.page.on("console", lambda message: _listen(visitor, message.type, message.text))
    return visitor


def enter(visitor: Visitor, person: Person) -> None:
    """Log in as the page does, without its form; do nothing if the browser is logged in."""
    if any(cookie["name"] == "__Host-session" for cookie in visitor.context.cookies()):
        return
    visitor.page.goto(visitor.site + "/nothing-here")
    body = {"email": person.email, "password": person.password}
    status = visitor.page.evaluate(_LOG_IN, body)
    assert status == 200, status


def leave(visitor: Visitor) -> None:
    """Forget the session, as if the browser had been closed. An open page could still go to the login page."""
    visitor.page.goto("about:blank")
    visitor.context.clear_cookies()


def long_ago(cloud: LocalCloud, person: Person) -> None:
    """Let an hour pass since the account's log-ins."""
    database = cloud.client("dynamodb")
    (table,) = [name for name in database.list_tables()["TableNames"] if "Sessions" in name]
    earlier = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.%f+0000")
    for item in database.scan(TableName=table, ConsistentRead=True)["Items"]:
        if item["user_id"]["S"] == user_id(cloud, person):
            database.update_item(
                TableName=table,
                Key={"digest": item["digest"]},
                UpdateExpression="SET authenticated_at = :earlier",
                ExpressionAttributeValues={":earlier": {"S": earlier}},
            )


def user_id(cloud: LocalCloud, person: Person) -> str:
    """The account that the person's address belongs to."""
    database = cloud.client("dynamodb")
    (table,) = [name for name in database.list_tables()["TableNames"] if "Identities" in name]
    key = {"identity": {"S": f"email#{person.email}"}}
    return str(database.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]["user_id"]["S"])


def say_yes(page: Page, email: str) -> None:
    """Allow the login in the form of a provider's stand-in."""
    page.locator('input[type="email"], input[name="email"]').first.fill(email)
    page.locator('button[type="submit"], form button').first.click()


def _listen(visitor: Visitor, kind: str, text: str) -> None:
    # Chromium reports every 4xx response as an error, and those that a test arranges; both are expected.
    if kind == "error" and "Failed to load resource" not in text:
        visitor.complaints.append(text)
