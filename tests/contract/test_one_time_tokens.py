"""What every keeper of one-time tokens promises."""

from copy import replace

from accounts.model import one_time_tokens
from accounts.model.one_time_tokens import OneTimeToken
from tests.contract.backends import Backend
from tests.contract.samples import a_token


def issued(backend: Backend, **fields: object) -> OneTimeToken:
    """A token as it is stored after it was issued."""
    token: OneTimeToken = a_token(**fields)
    backend.commit(one_time_tokens.Issue(token))
    return token


def test_a_token_comes_back_whole(backend: Backend) -> None:
    """Every field survives, a ``#`` in what it is about included."""
    token = issued(backend, subject="email#o'brien+#1@example.com")

    assert backend.tokens.get(token.key) == token


def test_a_token_without_data_comes_back_whole(backend: Backend) -> None:
    """Nothing is made up."""
    token = issued(backend, data={})

    assert backend.tokens.get(token.key) == token


def test_an_unknown_token_is_none(backend: Backend) -> None:
    """Nobody is there."""
    assert backend.tokens.get(a_token().key) is None


def test_a_token_of_one_purpose_is_unknown_for_another(backend: Backend) -> None:
    """The purpose is part of the key."""
    token = issued(backend)

    assert backend.tokens.get(replace(token, purpose="password-reset").key) is None


def test_a_token_is_issued_once(backend: Backend) -> None:
    """A second under the same key is refused and the first stays."""
    token = issued(backend)
    again = one_time_tokens.Issue(replace(token, subject="email#somebody.else@example.com"))

    assert backend.refused(again) == (again,)


def test_a_token_is_consumed_once(backend: Backend) -> None:
    """After which it is unknown, and consuming it again is refused."""
    token = issued(backend)
    consume = one_time_tokens.Consume(token.key)
    backend.commit(consume)

    assert backend.tokens.get(token.key) is None
    assert backend.refused(consume) == (consume,)


def test_consuming_one_token_leaves_the_others(backend: Backend) -> None:
    """Even one of the same digest for another purpose."""
    token = issued(backend)
    other = issued(backend, purpose="password-reset", digest=token.digest)
    backend.commit(one_time_tokens.Consume(token.key))

    assert backend.tokens.get(other.key) == other


def test_a_token_that_is_nobodys_is_taken_by_the_first(backend: Backend) -> None:
    """It is as given from then on; nobody else can take it, and its owner can write on it."""
    token = issued(backend, subject=one_time_tokens.NOBODY)
    mine, theirs = replace(token, subject="ann", data={"said": "yes"}), replace(token, subject="bob")
    backend.commit(one_time_tokens.Take(mine))

    assert backend.tokens.get(token.key) == mine
    assert backend.refused(one_time_tokens.Take(theirs)) == (one_time_tokens.Take(theirs),)
    backend.commit(one_time_tokens.Take(replace(mine, data={})))
    assert backend.tokens.get(token.key) == replace(mine, data={})


def test_a_token_that_is_gone_is_not_taken(backend: Backend) -> None:
    """Nor is one made by taking it."""
    token = issued(backend, subject=one_time_tokens.NOBODY)
    backend.commit(one_time_tokens.Consume(token.key))
    take = one_time_tokens.Take(replace(token, subject="ann"))

    assert backend.refused(take) == (take,)
