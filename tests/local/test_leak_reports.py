"""Reports of leaked keys on the deployed local cloud, whose scanner GitHub's list names."""

import hashlib
import json
from typing import Any

import pytest

from accounts.limits import LEAK_REPORT_MAX_BYTES
from local.cloud import LocalCloud
from local.scanner import Signer, match, matches
from tests.local import leaks
from tests.local.deployed import restart, verified
from tests.local.person import Person, with_key
from tests.waiting import wait_for

URL = "https://github.com/octocat/Hello-World/blob/main/notebook.ipynb"
LEAKED = "An API key for your Comfy account leaked"


@pytest.fixture
def owner(cloud: LocalCloud) -> Person:
    """An owner who has just signed up. The service knows the scanner."""
    leaks.know_the_scanner(cloud)
    return Person(cloud).join()


def feedback(token: str, label: str = "true_positive") -> dict[str, str]:
    return {"token_hash": hashlib.sha256(token.encode()).hexdigest(), "token_type": "comfy_api_key", "label": label}


def story_of(owner: Person) -> list[dict[str, Any]]:
    """The reports in the owner's activity."""
    activity = owner.call("GET", "/auth/activity").json()["activity"]
    return [it for it in activity if it["event"] == "authn_token_leaked"]


def test_a_reported_key_is_dead_at_once_and_its_owner_learns_why(cloud: LocalCloud, owner: Person) -> None:
    """On the next request, at this service and at others; with an email and in the owner's history and export."""
    leaked, other = (owner.make_key(name)["plaintext_key"] for name in ("render farm", "laptop"))
    used = owner.call("GET", "/customers/me", cookie="", x_api_key=leaked, user_agent="python-requests/2.32")
    assert (used.status_code, with_key(owner, other)) == (200, 200)
    text = f"os.environ['COMFY_API_KEY'] = '{leaked}'  # not {leaked[:-1]}_"

    report = cloud.scanner.report(cloud.site_url, matches(text, URL, "commit"))

    assert (report.status, json.loads(report.answer)) == (200, [feedback(leaked)])
    assert (with_key(owner, leaked), with_key(owner, other)) == (401, 200)
    told = verified(cloud, leaked)
    assert (told["valid"], told["error"]) == (False, "api_key_unknown")
    assert [it["name"] for it in owner.call("GET", "/customers/api-keys").json()["api_keys"]] == ["laptop"]
    mail = owner.wait_for_mail(LEAKED)
    said = mail["BodyText"]
    used_by = ("Last used with: Python", "Last used from: 127.0.0.1")
    parts = ('"render farm"', "Found in: a commit on GitHub", f"Address: {URL}", *used_by, f"{cloud.site_url}/api-keys")
    assert [part in said for part in parts] == [True] * len(parts)
    assert "Last used: never" not in said
    (entry,) = story_of(owner)
    assert entry["detail"] == {"name": "render farm", "url": URL, "found_in": "commit", "by": "github"}
    exported = owner.call("GET", "/customers/me/export")
    assert [it["detail"] for it in exported.json()["activity"] if it["event"] == "authn_token_leaked"] == [
        entry["detail"]
    ]
    assert leaked not in f"{mail}{report.answer!r}{exported.text}{entry}"


def test_a_report_that_comes_again_does_nothing_more(cloud: LocalCloud, owner: Person) -> None:
    """An attacker may have recorded it. The answer is the same, to the byte; no key, email or entry is added."""
    first, second = (owner.make_key(name)["plaintext_key"] for name in ("first", "second"))
    body = json.dumps([match(first, URL)]).encode()
    headers = cloud.scanner.signer.headers(body)

    answers = [leaks.raw(cloud, body, headers) for _ in range(3)]

    assert [(it.status_code, it.json()) for it in answers] == [(200, [feedback(first)])] * 3
    assert len({it.content for it in answers}) == 1
    assert leaks.sent(cloud, [match(second, URL)]).status_code == 200
    owner.wait_for_mail(LEAKED, at_least=2)
    assert len(story_of(owner)) == len(owner.mails(LEAKED)) == 2


def test_a_text_that_is_no_key_is_a_false_positive(cloud: LocalCloud, owner: Person) -> None:
    """By its checksum; also a key of another deployment is a true one, and neither says whose it is."""
    key = owner.make_key()["plaintext_key"]
    wrong = f"{key[:-1]}{'0' if key[-1] != '0' else '1'}"

    assert leaks.sent(cloud, [match(wrong)]).json() == [feedback(wrong, "false_positive")]
    assert (with_key(owner, key), story_of(owner)) == (200, [])


@pytest.fixture
def key(owner: Person) -> str:
    return str(owner.make_key()["plaintext_key"])


def test_a_report_that_github_did_not_sign_is_refused(cloud: LocalCloud, owner: Person, key: str) -> None:
    """One answer for all, and the key keeps working."""
    body = json.dumps([match(key)]).encode()
    signed, ours = cloud.scanner.signer.headers(body), cloud.scanner.signer
    stranger = Signer.new()
    refused = [
        leaks.raw(cloud, body, {}),
        leaks.raw(cloud, body + b" ", signed),
        leaks.raw(cloud, body, signed, github_public_key_signature=None),
        leaks.raw(cloud, body, signed, github_public_key_identifier=None),
        leaks.raw(cloud, body, ours.headers(b"[]")),
        leaks.raw(cloud, body, stranger.headers(body)),
        leaks.raw(cloud, body, stranger.headers(body), github_public_key_identifier=ours.identifier),
    ]

    assert {(it.status_code, it.json()["error"]) for it in refused} == {(401, "invalid_signature")}
    assert (with_key(owner, key), story_of(owner)) == (200, [])


def test_a_signed_report_of_another_form_is_refused(cloud: LocalCloud, owner: Person, key: str) -> None:
    """Also one that is too large, before it is read."""
    refused = [leaks.sent(cloud, found) for found in ({}, [key], [{"token": key}], None)]
    assert {(it.status_code, it.json()["error"]) for it in refused} == {(400, "malformed_request")}
    too_many = leaks.sent(cloud, [match(key)] * 1001)
    assert (too_many.status_code, too_many.json()["error"]) == (400, "invalid_input")
    huge = json.dumps([match(key)]).ljust(LEAK_REPORT_MAX_BYTES + 1).encode()
    answer = leaks.raw(cloud, huge, cloud.scanner.signer.headers(huge))
    assert (answer.status_code, answer.json()["error"]) == (413, "body_too_large")
    body = json.dumps([match(key)]).encode()
    form = leaks.raw(cloud, body, cloud.scanner.signer.headers(body), content_type="application/x-www-form-urlencoded")
    assert (form.status_code, form.json()["error"]) == (415, "unsupported_media_type")

    assert (with_key(owner, key), story_of(owner)) == (200, [])


def test_unknown_keys_cause_one_fetch_of_the_list_in_a_minute(cloud: LocalCloud, owner: Person, key: str) -> None:
    """However many there are, and in other processes, too."""
    leaks.a_minute_later(cloud)
    before = cloud.scanner.fetched
    strangers = [Signer.new() for _ in range(5)]

    for stranger in strangers:
        assert leaks.sent(cloud, [match(key)], stranger).status_code == 401
    restart(cloud, "key_report")
    for stranger in strangers:
        assert leaks.sent(cloud, [match(key)], stranger).status_code == 401

    assert wait_for(lambda: cloud.scanner.fetched - before, "a fetch of the list") == 1
    assert leaks.sent(cloud, []).status_code == 200
    assert with_key(owner, key) == 200


@pytest.fixture
def retired(cloud: LocalCloud, owner: Person) -> Signer:  # noqa: ARG001 - the service knows it
    """The key that the scanner had until now."""
    old, cloud.scanner.signer = cloud.scanner.signer, Signer.new()
    cloud.scanner.retired.append(old)
    return old


def test_a_new_key_of_github_is_accepted_after_a_minute(
    cloud: LocalCloud, owner: Person, key: str, retired: Signer
) -> None:
    """The retired one is refused from then on: it may be retired because it leaked."""
    leaks.know_the_scanner(cloud)

    assert leaks.sent(cloud, [match(key)], retired).status_code == 401
    assert with_key(owner, key) == 200
    assert leaks.sent(cloud, [match(key)]).json() == [feedback(key)]
    assert with_key(owner, key) == 401
