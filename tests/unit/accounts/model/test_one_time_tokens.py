"""One-time tokens: found under their own purpose until they end."""

from datetime import timedelta

from accounts import secrets
from accounts.model import one_time_tokens
from accounts.model.one_time_tokens import Issue, OneTimeToken
from tests.fakes import FakeTokens, World
from tests.unit.accounts.stage import NOW, later

_DAY = timedelta(hours=24)


def test_a_token_is_kept_as_its_digest_under_its_purpose() -> None:
    """What is stored cannot be mailed, and the mailed text is stored nowhere (TK-01)."""
    plaintext, token = one_time_tokens.issue("reset", "email#olive@example.com", lifetime=_DAY, now=NOW)

    digest = secrets.digest(plaintext)
    assert token == OneTimeToken("reset", digest, "email#olive@example.com", NOW, later(hours=24))
    assert token.key == f"reset#{digest}"
    assert plaintext not in repr(token)


def test_a_token_is_found_until_it_ends() -> None:
    """Live one microsecond before, over at the moment itself: compared here, whatever the table still holds (TK-03)."""
    world = World()
    plaintext, token = one_time_tokens.issue("reset", "olive", lifetime=_DAY, now=NOW)
    world.commit(Issue(token))
    tokens = FakeTokens(world)

    assert one_time_tokens.find(tokens, "reset", plaintext, later(hours=24, microseconds=-1)) == token
    assert one_time_tokens.find(tokens, "reset", plaintext, later(hours=24)) is None


def test_purposes_do_not_cross() -> None:
    """A token of one purpose is unknown to every other (TK-05)."""
    world = World()
    plaintext, token = one_time_tokens.issue("reset", "olive", lifetime=_DAY, now=NOW)
    world.commit(Issue(token))

    assert one_time_tokens.find(FakeTokens(world), "email-verification", plaintext, NOW) is None


def test_neither_another_text_nor_the_digest_is_the_token() -> None:
    """Who reads the table holds nothing that works."""
    world = World()
    _, token = one_time_tokens.issue("reset", "olive", lifetime=_DAY, now=NOW)
    world.commit(Issue(token))
    texts = ("", token.digest, token.key, secrets.new_token())

    assert [one_time_tokens.find(FakeTokens(world), "reset", text, NOW) for text in texts] == [None] * 4
