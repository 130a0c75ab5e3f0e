"""Uses of API keys from new networks: what the owner learns, and what an attacker can do about it."""

from copy import replace
from typing import Any

import pytest

from accounts.errors import ApiKeyWrongNetwork, Unavailable
from accounts.flows.keys.key_management import NewKey
from accounts.flows.keys.key_verification import Verified
from accounts.flows.mail import mails
from accounts.flows.mail.mailing import LIMIT_REACHED, NOBODY_TO_TELL, SENT
from accounts.flows.people.session_opening import LoggedIn
from accounts.limits import NEW_NETWORKS_RECORDED_PER_ACCOUNT_PER_DAY
from accounts.model import messages
from accounts.model.api_keys import Details
from accounts.model.audit import Caller, Record
from tests.unit.accounts.stage import NOW, OWNER, Service, cookie, key_credential, later

MACHINE = Caller("192.0.2.7", "python-requests/2", address="192.0.2.7")
NEIGHBOR = Caller("192.0.2.200", "python-requests/2", address="192.0.2.200")
THIEF = Caller("203.0.113.9", "curl/8", address="203.0.113.9")


def used(service: Service, logged_in: LoggedIn, name: str = "laptop", **details: Any) -> NewKey:
    """A key of that owner that its machine has used."""
    new: NewKey = service.key_creation.create(cookie(logged_in), Details(name, **details), OWNER, NOW)
    service.principal(key_credential(new.plaintext), MACHINE, NOW)
    service.outbox.messages.clear()
    service.world.records.clear()
    return new


def thief(number: int) -> Caller:
    return replace(THIEF, source=f"203.0.{number}.9", address=f"203.0.{number}.9")


def use(service: Service, new: NewKey, caller: Caller, now: Any = NOW) -> None:
    service.principal(key_credential(new.plaintext), caller, now)


def about(new: NewKey, caller: Caller = THIEF, now: Any = NOW) -> messages.ApiKeyNewNetwork:
    return messages.ApiKeyNewNetwork(
        new.api_key.user_id,
        "laptop",
        new.api_key.id,
        user_agent=caller.user_agent,
        last_used=NOW.isoformat(),
        last_source=MACHINE.source,
        hint=new.api_key.hint,
        browser="curl",
        at=now.isoformat(),
        source=caller.source,
    )


def test_the_first_use_of_a_key_is_expected(service: Service) -> None:
    used(service, service.person())

    assert service.outbox.messages == []


def test_a_use_from_a_new_network_queues_one_email(service: Service) -> None:
    """At our own routes. Later uses from both networks do not."""
    new = used(service, service.person())

    use(service, new, NEIGHBOR, later(minutes=1))
    use(service, new, THIEF, later(minutes=1))
    use(service, new, THIEF, later(minutes=2))
    use(service, new, MACHINE, later(minutes=30))
    use(service, new, THIEF, later(days=3))

    assert service.outbox.messages == [about(new, now=later(minutes=1))]


def test_a_use_that_another_service_verifies_counts_too(service: Service) -> None:
    new = used(service, service.person())

    assert isinstance(service.key_verification.verified(new.plaintext, THIEF, NOW), Verified)
    assert service.outbox.messages == [about(new)]


def test_a_good_key_costs_one_read_and_one_note(service: Service) -> None:
    """Also from a new network."""
    new = used(service, service.person())
    service.world.reads.clear()
    service.world.counters.clear()

    use(service, new, THIEF)

    assert (service.world.reads, service.world.counters) == ([f"api_keys:{new.api_key.digest}"], {})


def test_a_refused_use_is_not_a_use(service: Service) -> None:
    """Of a key that is restricted to networks; one from an allowed network is."""
    new = used(service, service.person(), networks=["192.0.2.0/24", "198.51.100.0/24"])

    with pytest.raises(ApiKeyWrongNetwork):
        use(service, new, THIEF, later(minutes=10))
    assert service.outbox.messages == []
    allowed = Caller("198.51.100.7", "curl/8", address="198.51.100.7")
    use(service, new, allowed, later(minutes=10))
    assert service.outbox.messages == [about(new, allowed, later(minutes=10))]


def test_the_new_secret_of_a_key_remembers_its_networks(service: Service) -> None:
    """It moves to the same machines; a use from elsewhere is new from the beginning."""
    logged_in = service.person()
    new = used(service, logged_in)
    rotated = service.key_rotation.rotate(cookie(logged_in), new.api_key.id, 1, OWNER, NOW)
    service.outbox.messages.clear()

    use(service, rotated, MACHINE)
    assert service.outbox.messages == []
    use(service, rotated, THIEF)
    (message,) = service.outbox.messages
    assert isinstance(message, messages.ApiKeyNewNetwork)
    assert message.key_id == new.api_key.id


def test_a_network_that_the_owner_was_not_notified_of_stays_new(service: Service) -> None:
    """The key works all the same, and the queue is tried again after five minutes."""
    new = used(service, service.person())
    before = service.world.api_keys[new.api_key.digest]
    service.outbox.down = True

    use(service, new, THIEF)
    service.outbox.down = False
    use(service, new, THIEF, later(minutes=4))

    stored = service.world.api_keys[new.api_key.digest]
    assert (stored.seen_networks, stored.new_network_at) == (before.seen_networks, NOW)
    assert service.outbox.messages == []
    use(service, new, THIEF, later(minutes=5))
    assert len(service.outbox.messages) == 1


def test_a_lost_note_does_not_deny(service: Service) -> None:
    """LG-11."""
    new = used(service, service.person())

    def lost(*_: object) -> bool:
        return False

    lookup = replace(service.key_lookup, on_new_network=lost)
    assert lookup.live(new.plaintext, THIEF, NOW).id == new.api_key.id


def deliver(service: Service, message: messages.Message, now: Any = NOW) -> str:
    return service.mailing.deliver(message, now)


def records(service: Service) -> list[Record]:
    return [replace(record, serial="") for record in service.world.records]


def test_the_email_and_the_history_say_which_key_when_and_where(service: Service) -> None:
    new = used(service, service.person())
    message = about(new)

    assert deliver(service, message) == SENT

    (mail,) = service.postman.mails
    assert mail.content == mails.ApiKeyNewNetwork(
        "laptop", NOW, MACHINE.source, key=new.api_key.hint, browser="curl", at=NOW, source=THIEF.source
    )
    kept = {"api_key": new.api_key.id, "name": "laptop"}
    event = Record(message.user_id, "authn_token_new_network", NOW, Caller(THIEF.source, "curl/8"), kept, serial="")
    assert records(service) == [event]
    # The id of a key is the digest of its secret.
    assert event.shown == {"name": "laptop"}


def test_an_account_gets_one_email_a_day(service: Service) -> None:
    """Whatever the number of keys and networks; the history has the others."""
    logged_in = service.person()
    keys = [used(service, logged_in), used(service, logged_in)]
    flood = [about(new, thief(number), later(seconds=number)) for number in range(3) for new in keys]

    outcomes = [deliver(service, message) for message in flood]

    assert outcomes == [SENT] + [LIMIT_REACHED] * 5
    assert [record.caller.source for record in service.world.records] == [message.source for message in flood]
    assert deliver(service, about(keys[0], thief(9), later(days=1)), later(days=1)) == SENT
    assert len(service.postman.mails) == 2


def test_the_history_keeps_the_first_twenty_of_a_day(service: Service) -> None:
    """A flood does not push other events out, and cannot remove what it began with."""
    new = used(service, service.person())
    limit = NEW_NETWORKS_RECORDED_PER_ACCOUNT_PER_DAY

    for number in range(limit + 5):
        deliver(service, about(new, thief(number), later(minutes=5 * number)), NOW)

    assert limit == 20
    assert [record.caller.source for record in service.world.records] == [thief(it).source for it in range(limit)]
    deliver(service, about(new, thief(99), later(days=1)), later(days=1))
    assert len(service.world.records) == limit + 1


def test_a_message_that_comes_twice_is_recorded_once(service: Service) -> None:
    """The queue redelivers it when the email could not be sent."""
    new = used(service, service.person())
    service.postman.down = True
    with pytest.raises(Unavailable):
        deliver(service, about(new))
    service.postman.down = False

    assert deliver(service, about(new)) == SENT
    assert (len(service.world.records), len(service.postman.mails)) == (1, 1)


def test_a_deleted_account_gets_neither(service: Service) -> None:
    logged_in = service.person()
    new = used(service, logged_in)
    service.account_closing.close(cookie(logged_in), OWNER, NOW)
    service.world.records.clear()

    assert deliver(service, about(new)) == NOBODY_TO_TELL
    assert (service.world.records, service.postman.mails) == ([], [])
