"""The tree of refusals: as drawn, each with its own code, its own sentence and an event for the log."""

import re
from collections.abc import Iterator

import pytest

from accounts import errors, limits
from accounts.errors import AccountsError, MethodNotAllowed, ProofRequired, Refusal, TooManyAttempts, Unavailable

# Base classes, which are never raised themselves.
_ABSTRACT = {AccountsError, Refusal}


def _descendants(kind: type[AccountsError]) -> Iterator[type[AccountsError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _descendants(child)


def _defined() -> list[type[AccountsError]]:
    return [kind for kind in _descendants(AccountsError) if kind.__module__ == "accounts.errors"]


def _drawn() -> list[tuple[str, str]]:
    """Each class of the drawing with its parent."""
    parents, found = [""], []
    for indent, name in re.findall(r"^ {4}((?:[│├└─ ]{4})*)(\w+)", errors.__doc__ or "", re.MULTILINE):
        depth = len(indent) // 4
        parents[depth + 1 :] = [name]
        found.append((name, parents[depth]))
    return found


def test_the_tree_is_as_drawn() -> None:
    """Every class has the drawn parent, and both list the same classes."""
    classes = [(kind.__name__, kind.__bases__[0].__name__) for kind in _defined()]

    assert sorted(_drawn()) == sorted([("AccountsError", ""), *classes[1:]])


def test_each_refusal_has_its_own_code() -> None:
    """Clients tell them apart by code; RFC 6749 has one code for an invalid grant or client."""
    sharing = {Refusal, errors.GrantReused, errors.ClientAuthentication, errors.SigningUnavailable}
    codes = [kind.__dict__.get("code") for kind in _defined() if kind not in sharing]

    assert len(set(codes)) == len(codes)
    assert all(code and re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes)


def test_codes_are_stable() -> None:
    """Clients depend on them: new ones may be added, but changing one of these breaks clients."""
    promised = {
        "AccountsError": "internal_error",
        "InvalidInput": "invalid_input",
        "MalformedRequest": "malformed_request",
        "WeakPassword": "weak_password",
        "InvalidLink": "invalid_link",
        "Unauthenticated": "not_authenticated",
        "InvalidCredentials": "invalid_credentials",
        "InvalidAdminSecret": "invalid_admin_secret",
        "Forbidden": "forbidden",
        "CredentialNotAccepted": "credential_not_accepted",
        "CrossSiteRequest": "cross_site_request",
        "ReauthenticationRequired": "reauth_required",
        "NotFound": "not_found",
        "MethodNotAllowed": "method_not_allowed",
        "KeyLimitReached": "key_limit_reached",
        "BodyTooLarge": "body_too_large",
        "UnsupportedMediaType": "unsupported_media_type",
        "ProofRequired": "proof_required",
        "TooManyAttempts": "too_many_attempts",
        "Unavailable": "temporarily_unavailable",
        "ConfigurationError": "configuration_error",
    }

    assert {kind.__name__: kind.code for kind in _defined() if kind.__name__ in promised} == promised


def _examples() -> list[AccountsError]:
    special: dict[type[AccountsError], AccountsError] = {
        MethodNotAllowed: MethodNotAllowed(("GET", "POST")),
        TooManyAttempts: TooManyAttempts(30),
        ProofRequired: ProofRequired(30),
    }
    return [special.get(kind) or kind() for kind in _defined() if kind not in _ABSTRACT]


def test_each_refusal_has_its_own_sentence() -> None:
    """Each says what to do, and no two are equal."""
    sentences = [error.message for error in _examples() if type(error) is not errors.ConfigurationError]

    assert len(set(sentences)) == len(sentences)
    assert all(re.fullmatch(r"[A-Z].+\.", sentence) for sentence in sentences)


def test_each_refusal_has_an_event_for_the_log() -> None:
    """In the form of the OWASP Logging Vocabulary."""
    families = ("input_", "authn_", "authz_", "malicious_", "excess_", "sys_", "business_")

    assert [error for error in _examples() if not error.event.startswith(families)] == []


def test_a_more_specific_sentence_may_be_given() -> None:
    """It replaces the class's own, also where Python prints the error."""
    refusal = errors.InvalidInput("Enter a name.")

    assert (refusal.message, str(refusal), refusal.code) == ("Enter a name.", "Enter a name.", "invalid_input")


@pytest.mark.parametrize(
    ("seconds", "retry_after", "words"),
    [
        (-5, 1, "1 second"),
        (0, 1, "1 second"),
        (1, 1, "1 second"),
        (30, 30, "30 seconds"),
        (119, 119, "119 seconds"),
        (120, 120, "2 minutes"),
        (121, 121, "3 minutes"),
        (3600, 3600, "60 minutes"),
    ],
)
def test_too_many_attempts_says_how_long_to_wait(seconds: int, retry_after: int, words: str) -> None:
    """Never less than it takes, and at least one second."""
    refusal = TooManyAttempts(seconds)

    assert refusal.retry_after == retry_after
    assert refusal.message == f"Too many attempts. Try again in {words}."


def test_method_not_allowed_names_the_methods() -> None:
    """In the sentence, and for the ``Allow`` header."""
    refusal = MethodNotAllowed(("GET", "POST"))

    assert (refusal.allowed, refusal.message) == (("GET", "POST"), "This address supports only GET, POST.")


def test_unavailable_says_when_to_retry_and_is_not_a_refusal() -> None:
    """A machine error is never called the caller's."""
    assert Unavailable().retry_after == 5
    assert not isinstance(Unavailable(), Refusal)


def test_sentences_agree_with_the_limits_they_name() -> None:
    """A number in a sentence is the number in ``limits``."""
    assert f"limit of {limits.API_KEYS_PER_ACCOUNT} API keys" in errors.KeyLimitReached.default_message
    assert f"{limits.BODY_MAX_BYTES // 1024} KiB" in errors.BodyTooLarge.default_message
    minutes = int(limits.FRESH_LOGIN.total_seconds()) // 60
    assert f"{minutes} minutes" in errors.ReauthenticationRequired.default_message
