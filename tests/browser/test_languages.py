"""Pages in other languages: nothing overflows a small phone, and the choice lasts."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from accounts import languages
from local.cloud import LocalCloud
from tests.browser.looks import overflowing, violations
from tests.browser.people import Visitor, enter, visitor_in
from tests.browser.scenes import Stage, described_question, question_of
from tests.local.person import Person

_SMALL_PHONE: dict[str, Any] = {"viewport": {"width": 320, "height": 640}, "reduced_motion": "reduce"}
OUTSIDE = ("/login", "/signup", "/forgot-password", "/device", "/nothing-here")
INSIDE = ("/account", "/api-keys")
# One with long words, one with Chinese characters, one from right to left.
CHECKED_BY_AXE = {"de", "zh-Hans", "ar"}


@pytest.fixture(scope="module")
def phones(chromium: Browser, cloud: LocalCloud, member: Person) -> Iterator[tuple[Visitor, Visitor]]:
    """A phone that is logged out, and one that is logged in."""
    outside, inside = (visitor_in(chromium, cloud, **_SMALL_PHONE) for _ in range(2))
    enter(inside, member)
    yield outside, inside
    for phone in (outside, inside):
        phone.context.close()
        assert phone.complaints == []


@pytest.mark.parametrize("language", sorted(languages.LANGUAGES.keys() - {languages.DEFAULT}))
def test_a_language_fits_on_a_small_phone(phones: tuple[Visitor, Visitor], language: str) -> None:
    """At 320 pixels. Axe finds nothing in three of them."""
    outside, inside = phones
    found = {path: _problems(outside, path, language) for path in OUTSIDE}
    found |= {path: _problems(inside, path, language) for path in INSIDE}

    assert {path: problems for path, problems in found.items() if problems} == {}


def test_a_chosen_language_is_that_of_pages_and_emails(chromium: Browser, cloud: LocalCloud) -> None:
    someone, person = visitor_in(chromium, cloud), Person(cloud).join()
    enter(someone, person)
    someone.visit("/account")
    page = someone.page
    page.get_by_role("button", name="Account menu").click()

    page.get_by_label("Language").select_option("de")
    expect(page.get_by_role("button", name="Kontomenü")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "de"
    expect(page.get_by_text("Chrome unter Linux").first).to_be_visible()
    person.make_key("Werkstatt")
    subject = languages.read("de", "emails")["api_key_created"]["subject"].format(site="Comfy")
    assert "Werkstatt" in str(person.wait_for_mail(subject))
    someone.context.close()


def test_the_consent_question_is_in_the_language_of_the_page(
    chromium: Browser, cloud: LocalCloud, member: Person
) -> None:
    """The words of an operator's services are shown as they are."""
    someone = visitor_in(chromium, cloud, locale="ar")
    stage = Stage(someone, cloud, member)
    enter(someone, member)
    texts = languages.read("ar", "pages")["question"]
    someone.visit(question_of())
    may = someone.page.locator("#question-may li")
    expect(may).to_have_text([texts["question.may_account"], texts["question.may_keys"]])

    stage.answer("/oauth/authorize/request?*", 200, json.dumps(described_question(stage)))
    someone.visit(question_of())
    expect(may).to_have_text([texts["question.may_see_email"], "See your jobs"])
    someone.context.close()


def test_what_is_latin_stays_in_order_from_right_to_left(chromium: Browser, cloud: LocalCloud, member: Person) -> None:
    """A line to paste and a network would be scrambled, and so would a sentence with a name that ends in brackets."""
    someone = visitor_in(chromium, cloud, locale="ar")
    enter(someone, member)
    someone.visit("/api-keys")
    page = someone.page
    menu = page.get_by_role("row").get_by_role("button")
    label = languages.read("ar", "pages")["keys"]["menu.label"]
    expect(menu).to_have_accessible_name(label.format(name="\u2068render box\u2069"))
    assert direction(page.locator("#keys code")) == "ltr"

    page.locator("[data-new]:visible").click()
    assert direction(page.locator("#key-networks")) == "ltr"
    assert direction(page.locator("#key-name")) == "rtl"
    page.locator("#key-name").fill("laptop")
    page.locator("#make [type=submit]").click()
    expect(page.locator("#made")).to_be_visible()
    assert direction(page.locator("#plaintext")) == "ltr"
    assert direction(page.locator("#line-api")) == "ltr"

    someone.visit("/account")
    # Otherwise the numbers of an address or a date beside the name of a program run in its direction.
    expect(page.locator("#devices h3").first).to_have_text(re.compile("^\u2068.*\u2069$"))
    someone.context.close()


def direction(element: Locator) -> str:
    found: str = element.evaluate("it => getComputedStyle(it).direction")
    return found


def _problems(phone: Visitor, path: str, language: str) -> list[str]:
    phone.context.add_cookies([{"name": "language", "value": language, "url": phone.site}])
    phone.visit(path)
    page = phone.page
    assert page.evaluate("document.documentElement.lang") == language
    return overflowing(page) + (violations(page) if language in CHECKED_BY_AXE else [])
