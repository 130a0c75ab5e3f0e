"""The contract of one-time token stores."""

from copy import replace

from accounts.model import one_time_tokens
from accounts.model.one_time_tokens import OneTimeToken
from tests.contract.backends import Backend
from tests.contract.samples import a_token


def issue(backend: Backend, **fields: object) -> OneTimeToken:
    token: OneTimeToken = a_token(**fields)
    backend.commit(one_time_tokens.Issue(token))
    return token


def test_a_token_is_read_with_every_field(backend: Backend) -> None:
    """The subject may contain ``#``."""
    token = issue(backend, subject="email#o'brien+#1@example.com")

    assert backend.tokens.get(token.key) == token


def test_a_token_without_data_is_read_with_every_field(backend: Backend) -> None:
    token = issue(backend, data={})

    assert backend.tokens.get(token.key) == token


def test_an_unknown_token_reads_as_none(backend: Backend) -> None:
    assert backend.tokens.get(a_token().key) is None


def test_a_token_of_one_purpose_is_unknown_for_another(backend: Backend) -> None:
    token = issue(backend)

    assert backend.tokens.get(replace(token, purpose="password-reset").key) is None


def test_a_second_token_with_the_same_key_is_refused(backend: Backend) -> None:
    token = issue(backend)
    again = one_time_tokens.Issue(replace(token, subject="email#somebody.else@example.com"))

    assert backend.refused(again) == (again,)


def test_a_token_is_consumed_once(backend: Backend) -> None:
    token = issue(backend)
    consume = one_time_tokens.Consume(token.key)
    backend.commit(consume)

    assert backend.tokens.get(token.key) is None
    assert backend.refused(consume) == (consume,)


def test_consuming_one_token_leaves_the_others(backend: Backend) -> None:
    """Even one with the same digest and another purpose."""
    token = issue(backend)
    other = issue(backend, purpose="password-reset", digest=token.digest)
    backend.commit(one_time_tokens.Consume(token.key))

    assert backend.tokens.get(other.key) == other


def test_a_token_is_saved_over_an_older_one(backend: Backend) -> None:
    """Also where there is none."""
    older = a_token()
    newer = replace(older, data={"name": "newer"})
    for token in (older, newer):
        backend.commit(one_time_tokens.Save(token))

        assert backend.tokens.get(token.key) == token


def test_a_token_is_discarded_once_or_never(backend: Backend) -> None:
    """Together with another change, which is not refused."""
    token, other = issue(backend), a_token()
    for change in (one_time_tokens.Issue(other), one_time_tokens.Consume(other.key)):
        backend.commit(one_time_tokens.Discard(token.key), change)

        assert backend.tokens.get(token.key) is None


def test_an_unclaimed_token_is_taken_by_the_first_account(backend: Backend) -> None:
    """From then on no other account can take it, and its owner can change its data."""
    token = issue(backend, subject=one_time_tokens.UNCLAIMED)
    mine, theirs = replace(token, subject="ann", data={"said": "yes"}), replace(token, subject="bob")
    backend.commit(one_time_tokens.Take(mine))

    assert backend.tokens.get(token.key) == mine
    assert backend.refused(one_time_tokens.Take(theirs)) == (one_time_tokens.Take(theirs),)
    backend.commit(one_time_tokens.Take(replace(mine, data={})))
    assert backend.tokens.get(token.key) == replace(mine, data={})


def test_taking_a_consumed_token_is_refused(backend: Backend) -> None:
    token = issue(backend, subject=one_time_tokens.UNCLAIMED)
    backend.commit(one_time_tokens.Consume(token.key))
    take = one_time_tokens.Take(replace(token, subject="ann"))

    assert backend.refused(take) == (take,)
