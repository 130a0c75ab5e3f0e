"""Files at fixed paths, which programs request without a link."""

import json
import re
from datetime import datetime, timedelta
from urllib.robotparser import RobotFileParser

import pytest

from accounts.web.pages import PATHS, Pages
from accounts.web.responses import Response
from tests.unit.accounts.stage import NOW, SITE_URL
from tests.unit.accounts.web.events import SETTINGS, request

SITE = Pages(SETTINGS)


def test_password_managers_are_sent_to_the_change_of_the_password() -> None:
    """And an absent document is not a page, by which they tell that the redirect is real (W3C)."""
    answer = SITE.answer(request("GET", "/.well-known/change-password"))

    assert (answer.status, answer.headers["location"]) == (303, "/account?change-password")


def test_the_icon_is_found_without_a_page() -> None:
    """Cached for a day, because its name has no version."""
    answer = SITE.answer(request("GET", "/favicon.ico"))
    icon = SITE.answer(request("GET", answer.headers["location"]))

    assert (answer.status, answer.headers["cache-control"]) == (303, "public, max-age=86400")
    assert (icon.status, icon.content_type) == (200, "image/svg+xml; charset=utf-8")


@pytest.mark.parametrize("path", [*PATHS, "/", "/auth/methods", "/oauth/token"])
def test_search_engines_may_show_only_what_people_look_for(path: str) -> None:
    """No page that an emailed link, a program or a login leads to."""
    answer = SITE.answer(request("GET", "/robots.txt"))
    rules = RobotFileParser()
    # This parser does not know ``$``, the end of a path (RFC 9309 2.2.3).
    rules.parse(answer.body.replace("Allow: /$\n", "").replace("$", "").splitlines())

    assert answer.content_type == "text/plain; charset=utf-8"
    assert "Allow: /$\n" in answer.body
    assert rules.can_fetch("Googlebot", path) is (path in {"/login", "/signup", "/api-keys", "/account"})


def test_the_security_contact_is_the_operators_and_does_not_expire() -> None:
    """Contact, expiry and canonical address, as RFC 9116 2.5 requires."""
    answer = SITE.answer(request("GET", "/.well-known/security.txt"))
    fields = dict(re.findall(r"^([A-Za-z-]+): (.+)$", answer.body, re.MULTILINE))

    assert answer.content_type == "text/plain; charset=utf-8"
    assert fields == {
        "Contact": "https://support.example.com/?a=1&b=2",
        "Expires": fields["Expires"],
        "Canonical": f"{SITE_URL}/.well-known/security.txt",
        "Preferred-Languages": "en",
    }
    assert datetime.fromisoformat(fields["Expires"]) - NOW == timedelta(days=30)


def test_the_openapi_document_is_kept_for_five_minutes() -> None:
    """With an ETag, after which it is asked for again."""
    answer = SITE.answer(request("GET", "/openapi.json"))

    assert (answer.status, answer.content_type) == (200, "application/json; charset=utf-8")
    assert json.loads(answer.body)["openapi"] == "3.1.0"
    assert answer.headers == {
        "etag": answer.headers["etag"],
        "cache-control": "public, max-age=300",
        "vary": "Accept-Encoding",
    }
    assert re.fullmatch(r'"[0-9a-f]{32}"', answer.headers["etag"])


@pytest.mark.parametrize("held", ["{}", "W/{}", '"another", {}', "*"])
def test_a_current_copy_of_the_openapi_document_is_not_sent_again(held: str) -> None:
    """RFC 9110 13.1.2: compared weakly."""
    headers = SITE.answer(request("GET", "/openapi.json")).headers

    asked = request("GET", "/openapi.json", headers={"if-none-match": held.format(headers["etag"])})
    assert SITE.answer(asked) == Response(304, headers=headers)


def test_another_copy_of_the_openapi_document_is_replaced() -> None:
    asked = request("GET", "/openapi.json", headers={"if-none-match": '"another"'})

    assert SITE.answer(asked).status == 200
