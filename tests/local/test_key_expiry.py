"""Keys that expire, on the deployed local cloud."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.cloud import LocalCloud
from tests.local.ageing import age
from tests.local.deployed import invoke, verified
from tests.local.person import Person, with_key

EXPIRES_SOON = "An API key for your Comfy account expires soon"


@pytest.fixture
def owner(cloud: LocalCloud) -> Person:
    """An owner who has just signed up."""
    return Person(cloud).join()


def lasting(owner: Person, days: int, name: str = "render farm") -> dict[str, Any]:
    """A new key that expires after so many days."""
    expires_at = (datetime.now(UTC) + timedelta(days=days)).isoformat()
    answer = owner.call("POST", "/customers/api-keys", {"name": name, "expires_at": expires_at})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()["api_key"]
    assert made["expires_at"][:16] == expires_at[:16]
    return made


def listed(owner: Person) -> dict[str, Any]:
    """The key in the owner's list."""
    (found,) = owner.call("GET", "/customers/api-keys").json()["api_keys"]
    return found


def told_of(owner: Person, key: str) -> dict[str, Any]:
    """What another service is told of the key's validity."""
    told = verified(owner.cloud, key)
    return {name: told.get(name) for name in ("valid", "error", "key_expires_at")}


@pytest.mark.parametrize("days", [7, 30, 90, 365])
def test_a_key_works_until_it_expires(owner: Person, days: int) -> None:
    """It is refused from then on, and stays in the list, so that its owner sees why."""
    made = lasting(owner, days)
    key = made["plaintext_key"]
    age(owner.cloud, made["id"], timedelta(days=days, hours=-1))
    assert with_key(owner, key) == 200
    ends = listed(owner)["expires_at"]
    assert timedelta(0) < datetime.fromisoformat(ends) - datetime.now(UTC) <= timedelta(hours=1)
    assert told_of(owner, key) == {"valid": True, "error": None, "key_expires_at": ends}

    age(owner.cloud, made["id"], timedelta(hours=1))

    refused = owner.call("GET", "/customers/me", cookie="", x_api_key=key)
    assert (refused.status_code, refused.json()["error"]) == (401, "api_key_expired")
    assert told_of(owner, key) == {"valid": False, "error": "api_key_expired", "key_expires_at": None}
    assert datetime.fromisoformat(listed(owner)["expires_at"]) <= datetime.now(UTC)


def test_its_owner_is_emailed_a_week_and_a_day_before_and_sees_its_end(owner: Person) -> None:
    """Each once, though the schedule invokes the function every hour."""
    made = lasting(owner, 30)
    mailed = 0
    for passed, emails in ((22, 0), (1, 1), (5, 1), (1, 2), (1, 2)):
        # The minute tells the moments of the two emails apart, which both become now.
        age(owner.cloud, made["id"], timedelta(days=passed, minutes=1))
        invoke(owner.cloud, "key_expire")
        invoke(owner.cloud, "key_expire")
        if emails > mailed:
            said = owner.wait_for_mail(EXPIRES_SOON, at_least=emails)["BodyText"]
            assert ('"render farm"' in said, f"API key: {made['key_prefix']}…" in said) == (True, True)
            mailed = emails

    assert len(owner.mails(EXPIRES_SOON)) == 2
    history = owner.call("GET", "/auth/activity").json()["activity"]
    exported = owner.call("GET", "/customers/me/export").json()["activity"]
    for story in (history, exported):
        assert [it["detail"] for it in story if it["event"] == "authn_token_expired"] == [{"name": "render farm"}]


def test_an_expired_key_leaves_its_place_to_a_new_one(owner: Person) -> None:
    """Of 25; the key is then gone from the list."""
    first = lasting(owner, 7, "first")
    for number in range(24):
        owner.make_key(f"box {number}")
    full = owner.call("POST", "/customers/api-keys", {"name": "one more"})
    assert (full.status_code, full.json()["error"]) == (409, "key_limit_reached")

    age(owner.cloud, first["id"], timedelta(days=7))

    assert owner.call("POST", "/customers/api-keys", {"name": "one more"}).status_code == 201
    names = {it["name"] for it in owner.call("GET", "/customers/api-keys").json()["api_keys"]}
    assert (len(names), "first" in names, "one more" in names) == (25, False, True)
    again = owner.call("POST", "/customers/api-keys", {"name": "two more"})
    assert again.json()["error"] == "key_limit_reached"


@pytest.mark.parametrize(
    ("expires_at", "says"),
    [
        (timedelta(seconds=-1), "Choose an expiry date in the future."),
        (timedelta(days=3660), "Choose an expiry date within the next ten years."),
        ("2030-02-30T00:00:00Z", "Send the expiry date with its time and time zone"),
        ("2030-01-31", "Send the expiry date with its time and time zone"),
    ],
)
def test_another_date_is_refused(owner: Person, expires_at: timedelta | str, says: str) -> None:
    """In a sentence, and no key is created."""
    sent = expires_at if isinstance(expires_at, str) else (datetime.now(UTC) + expires_at).isoformat()
    answer = owner.call("POST", "/customers/api-keys", {"name": "x", "expires_at": sent})

    assert answer.status_code == 400
    assert says in answer.json()["message"]
    assert owner.call("GET", "/customers/api-keys").json()["api_keys"] == []


def test_the_old_secret_of_a_rotated_key_ends_after_its_overlap(owner: Person) -> None:
    """The new one keeps working, and the list has both until then, each with its own last use."""
    made = owner.make_key()
    old = made["plaintext_key"]
    answer = owner.call("POST", f"/customers/api-keys/{made['id']}/rotate", {"overlap_days": 3})
    new = answer.json()["api_key"]["plaintext_key"]
    used = owner.call("GET", "/customers/me", cookie="", x_api_key=old, user_agent="comfy-cli/1.5")
    assert used.status_code == 200
    shown = listed(owner)
    assert (shown["last_used_at"], shown["old_secret"]["last_used_source"]) == (None, "127.0.0.1")
    age(owner.cloud, made["id"], timedelta(days=3, hours=-1))
    assert [with_key(owner, key) for key in (old, new)] == [200, 200]

    age(owner.cloud, made["id"], timedelta(hours=1))

    refused = owner.call("GET", "/customers/me", cookie="", x_api_key=old)
    assert (refused.status_code, refused.json()["error"]) == (401, "api_key_replaced")
    assert with_key(owner, new) == 200
    assert listed(owner)["old_secret"] is None
