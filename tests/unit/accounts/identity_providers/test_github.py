"""GitHub as a provider: a numeric id, and an address only from ``/user/emails`` (OA-06, OA-07)."""

import hashlib
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from accounts.errors import AccountsError, LoginExpired, ProviderNotTrusted, ProviderUnavailable
from accounts.identity_providers.github import GitHub, primary_email
from accounts.model.providers import Challenge, ClientCredentials, ProviderPerson
from tests.unit.accounts.identity_providers.forgery import b64
from tests.unit.accounts.identity_providers.transport import GITHUB_EMAILS, GITHUB_USER, TOKEN_URLS, wired
from tests.unit.accounts.stage import NOW

CREDENTIALS = ClientCredentials("Iv1.our-client", "our-client-secret-canary")
REDIRECT_URI = "https://accounts.example.com/auth/github/callback"
CHALLENGE = Challenge("v" * 43, "unused-nonce")
TOKEN_URL = TOKEN_URLS["github"]
USER = {"id": 583231, "login": "olive", "name": "Olive", "email": "profile@example.com"}
EMAILS = [
    {"email": "old@example.com", "primary": False, "verified": True, "visibility": None},
    {"email": "Olive@Example.com", "primary": True, "verified": True, "visibility": "private"},
]
PERSON = ProviderPerson("github", "583231", "olive@example.com", email_verified=True, name="Olive")


def _answers(user: Any = None, emails: Any = ..., token: Any = None) -> dict[str, Any]:
    return {
        TOKEN_URL: token
        or {"access_token": "canary-gho-token", "token_type": "bearer", "scope": "read:user,user:email"},
        GITHUB_USER: USER if user is None else user,
        GITHUB_EMAILS: EMAILS if emails is ... else emails,
    }


def _person(answers: dict[str, Any]) -> ProviderPerson:
    with wired(answers):
        return GitHub(CREDENTIALS, REDIRECT_URI).person("a-code", CHALLENGE, NOW)


def _refusal(answers: dict[str, Any], code: str = "a-code") -> type[AccountsError]:
    with wired(answers), pytest.raises(AccountsError) as refused:
        GitHub(CREDENTIALS, REDIRECT_URI).person(code, CHALLENGE, NOW)
    return type(refused.value)


def test_the_redirect_has_a_challenge_and_the_smallest_scope() -> None:
    """S256 with GitHub too (OA-02), and the registered address."""
    url = urlsplit(GitHub(CREDENTIALS, REDIRECT_URI).authorization_url("the-state", CHALLENGE))

    assert f"{url.scheme}://{url.netloc}{url.path}" == "https://github.com/login/oauth/authorize"
    assert sorted(parse_qsl(url.query, strict_parsing=True)) == [
        ("client_id", "Iv1.our-client"),
        ("code_challenge", b64(hashlib.sha256(b"v" * 43).digest())),
        ("code_challenge_method", "S256"),
        ("prompt", "select_account"),
        ("redirect_uri", REDIRECT_URI),
        ("response_type", "code"),
        ("scope", "read:user user:email"),
        ("state", "the-state"),
    ]


def test_three_calls_identify_the_person() -> None:
    """The code with its verifier, then two with the token in a header; only to GitHub's two hosts."""
    with wired(_answers()) as wire:
        person = GitHub(CREDENTIALS, REDIRECT_URI).person("a-code", CHALLENGE, NOW)

    assert person == PERSON
    assert wire.urls == [TOKEN_URL, GITHUB_USER, GITHUB_EMAILS]
    assert wire.form() == {
        "client_id": "Iv1.our-client",
        "client_secret": "our-client-secret-canary",
        "code": "a-code",
        "code_verifier": "v" * 43,
        "grant_type": "authorization_code",
        "redirect_uri": REDIRECT_URI,
    }
    bearer = "Bearer canary-gho-token"
    assert [request.headers.get("Authorization") for request in wire.requests] == [None, bearer, bearer]
    assert [request.headers["Accept"] for request in wire.requests] == ["application/json"] * 3
    assert set(wire.origins) == {frozenset({"https://github.com", "https://api.github.com"})}


VERIFIED = {"email": "olive@example.com", "primary": True, "verified": True}
NOREPLY = "583231+olive@users.noreply.github.com"


@pytest.mark.parametrize(
    ("listed", "email", "verified"),
    [
        ([VERIFIED], "olive@example.com", True),
        ([VERIFIED | {"email": "OLIVE@EXAMPLE.COM"}], "olive@example.com", True),
        ([VERIFIED | {"email": NOREPLY}], NOREPLY, True),
        ([VERIFIED | {"verified": False}], "olive@example.com", False),
        ([VERIFIED | {"verified": "true"}], "olive@example.com", False),
        ([VERIFIED | {"verified": 1}], "olive@example.com", False),
        ([VERIFIED | {"verified": None}], "olive@example.com", False),
        ([{"email": "olive@example.com", "primary": True}], "olive@example.com", False),
        (
            [VERIFIED | {"verified": False}, VERIFIED | {"primary": False, "email": "x@example.com"}],
            "olive@example.com",
            False,
        ),
        ([VERIFIED | {"primary": False}], "", False),
        ([VERIFIED | {"primary": "true"}], "", False),
        ([VERIFIED | {"primary": 1}], "", False),
        ([VERIFIED, VERIFIED], "", False),
        ([VERIFIED, VERIFIED | {"email": "eve@evil.example"}], "", False),
        ([VERIFIED | {"email": "not an address"}], "", True),
        ([VERIFIED | {"email": None}], "", True),
        ([VERIFIED | {"email": ["olive@example.com"]}], "", True),
        ([VERIFIED | {"email": "olive@example.com\r\nBcc: eve@evil.example"}], "", True),
        ([], "", False),
        ({}, "", False),
        (VERIFIED, "", False),
        (None, "", False),
        ("olive@example.com", "", False),
        (["olive@example.com", None, 7, [VERIFIED]], "", False),
    ],
)
def test_the_verified_primary_address_is_used_if_there_is_exactly_one(listed: Any, email: str, verified: bool) -> None:
    """Primary and verified must be true, not merely truthy; with two primaries neither is used."""
    assert primary_email(listed) == (email, verified)


@pytest.mark.parametrize("emails", [[], [VERIFIED | {"primary": False}], {"message": "Not Found"}])
def test_the_address_on_the_profile_is_never_used(emails: Any) -> None:
    """It is whatever the person chose to show or typed."""
    person = _person(_answers(emails=emails))

    assert (person.email, person.email_verified) == ("", False)


def test_a_renamed_person_keeps_their_subject_and_a_recycled_name_gets_another() -> None:
    """The id is the subject."""
    renamed = _person(_answers(USER | {"login": "olive-the-second"}))
    recycled = _person(_answers(USER | {"id": 999}))

    assert (renamed.subject, recycled.subject) == ("583231", "999")


@pytest.mark.parametrize(
    "subject",
    [
        None,
        ...,
        True,
        False,
        0,
        -1,
        -583231,
        "583231",
        "583231 ",
        583231.0,
        1e300,
        float("nan"),
        float("inf"),
        [583231],
        {},
    ],
)
def test_an_id_that_is_not_a_positive_integer_is_refused(subject: Any) -> None:
    """Above all ``true``, which Python takes for one."""
    user = {name: value for name, value in (USER | {"id": subject}).items() if value is not ...}

    assert _refusal(_answers(user)) is ProviderNotTrusted


@pytest.mark.parametrize("user", [[], [USER], "olive", 7, True, {}, {"message": "Bad credentials"}])
def test_a_malformed_user_is_refused(user: Any) -> None:
    """200 with another body."""
    assert _refusal(_answers((200, user))) is ProviderNotTrusted


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"name": None}, "olive"),
        ({"name": ""}, "olive"),
        ({"name": None, "login": None}, ""),
        ({"name": 7}, ""),
        ({"name": "\u202eevilO"}, "evilO"),
        ({"name": "n" * 5000}, "n" * 100),
    ],
)
def test_the_name_is_the_display_name_or_else_the_login(said: dict[str, Any], name: str) -> None:
    """Cut to the service's limit, without the characters that names may not have."""
    assert _person(_answers(USER | said)).name == name


@pytest.mark.parametrize("url", [GITHUB_USER, GITHUB_EMAILS])
@pytest.mark.parametrize(
    "answer",
    [
        (401, {"message": "Bad credentials"}),
        (403, {"message": "API rate limit exceeded"}),
        (404, {"message": "Not Found"}),
        (304, b""),
        (204, b""),
        b"",
        b"<html>",
        b"\xff",
        b"[" * 200_000,
        b'{"id": ' + b"9" * 5000 + b"}",
        b'{"id": 583231, "id": 583231}',
        b'[{"email": "a@example.com", "primary": true, "verified": false, "verified": true}]',
        ProviderUnavailable(),
    ],
)
def test_an_unexpected_answer_of_the_api_is_githubs_error(url: str, answer: Any) -> None:
    """ProviderUnavailable, whatever GitHub sends."""
    assert _refusal(_answers() | {url: answer}) is ProviderUnavailable


@pytest.mark.parametrize(
    "token", ["", 7, True, None, ["t"], "a b", "a\r\nX-Injected: yes", "a\nb", "\u20ac", "é", "\ud800"]
)
def test_a_token_that_does_not_fit_into_a_header_is_not_sent(token: Any) -> None:
    """It is used in no call."""
    with wired(_answers(token={"access_token": token})) as wire, pytest.raises(ProviderNotTrusted):
        GitHub(CREDENTIALS, REDIRECT_URI).person("a-code", CHALLENGE, NOW)

    assert wire.urls == [TOKEN_URL]


def test_a_repeated_name_in_the_token_response_is_refused() -> None:
    assert _refusal(_answers(token=b'{"access_token": "a", "access_token": "a"}')) is ProviderUnavailable


def test_a_code_that_github_refuses_restarts_the_login() -> None:
    """GitHub answers 200 with an error name of its own."""
    answer = {"error": "bad_verification_code", "error_description": "The code passed is incorrect or expired."}

    assert _refusal(_answers(token=answer)) is LoginExpired


def test_a_callback_without_a_code_does_not_call_github() -> None:
    with wired({}) as wire, pytest.raises(LoginExpired):
        GitHub(CREDENTIALS, REDIRECT_URI).person("", CHALLENGE, NOW)

    assert wire.urls == []
