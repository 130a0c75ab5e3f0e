"""Google as a provider: what is sent, what is trusted, and that only the ID token identifies a person."""

import hashlib
import json
from itertools import product
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from accounts.errors import AccountsError, LoginExpired, ProviderNotTrusted, ProviderUnavailable
from accounts.identity_providers.google import Google
from accounts.model.providers import Challenge, ClientCredentials, ProviderPerson
from tests.unit.accounts.identity_providers import forgery
from tests.unit.accounts.identity_providers.forgery import CLIENT_ID, NONCE, at_hash, b64, claims, key_set
from tests.unit.accounts.identity_providers.transport import GOOGLE_KEYS, TOKEN_URLS, wired
from tests.unit.accounts.stage import NOW

CREDENTIALS = ClientCredentials(CLIENT_ID, "our-client-secret-canary")
REDIRECT_URI = "https://accounts.example.com/auth/google/callback"
CHALLENGE = Challenge("v" * 43, NONCE)
TOKEN_URL = TOKEN_URLS["google"]


def _google() -> Google:
    return Google(CREDENTIALS, REDIRECT_URI)


def _answers(token: Any = None, **tokens: Any) -> dict[str, Any]:
    signed = forgery.token(claims(NOW)) if token is None else token
    response = {"access_token": "canary-access-token", "token_type": "Bearer", "expires_in": 3599, "id_token": signed}
    return {TOKEN_URL: {k: v for k, v in (response | tokens).items() if v is not ...}, GOOGLE_KEYS: key_set()}


def _refusal(answers: dict[str, Any], code: str = "a-code") -> tuple[type[AccountsError], list[str]]:
    """The refusal of the login, and the calls that were made."""
    with wired(answers) as wire, pytest.raises(AccountsError) as refused:
        _google().person(code, CHALLENGE, NOW)
    return type(refused.value), wire.urls


def test_the_redirect_has_everything_that_ties_the_answer_to_the_browser() -> None:
    """State, nonce, an S256 challenge, the registered address and the smallest scope, nothing else (OA-02, OA-16)."""
    url = urlsplit(_google().authorization_url("the-state", CHALLENGE))

    assert f"{url.scheme}://{url.netloc}{url.path}" == "https://accounts.google.com/o/oauth2/v2/auth"
    assert sorted(parse_qsl(url.query, strict_parsing=True)) == [
        ("client_id", CLIENT_ID),
        ("code_challenge", b64(hashlib.sha256(b"v" * 43).digest())),
        ("code_challenge_method", "S256"),
        ("nonce", NONCE),
        ("prompt", "select_account"),
        ("redirect_uri", REDIRECT_URI),
        ("response_type", "code"),
        ("scope", "openid email profile"),
        ("state", "the-state"),
    ]


def test_the_code_is_sent_with_the_verifier_and_the_client_secret_in_the_body() -> None:
    """Not in the URL, which ends up in logs (RFC 6749 2.3.1)."""
    with wired(_answers()) as wire:
        _google().person("a-code", CHALLENGE, NOW)

    assert wire.urls == [TOKEN_URL, GOOGLE_KEYS]
    assert wire.form() == {
        "client_id": CLIENT_ID,
        "client_secret": "our-client-secret-canary",
        "code": "a-code",
        "code_verifier": "v" * 43,
        "grant_type": "authorization_code",
        "redirect_uri": REDIRECT_URI,
    }
    assert [request.headers.get("Authorization") for request in wire.requests] == [None, None]


def test_google_is_called_at_two_addresses_only() -> None:
    """Both are constants."""
    with wired(_answers()) as wire:
        _google().person("a-code", CHALLENGE, NOW)

    assert set(wire.origins) == {frozenset({"https://oauth2.googleapis.com", "https://www.googleapis.com"})}


def test_the_id_token_identifies_the_person() -> None:
    """The subject unchanged, the address in its canonical form."""
    with wired(_answers()):
        person = _google().person("a-code", CHALLENGE, NOW)

    assert person == ProviderPerson(
        "google", "110169484474386276334", "olive@example.com", email_verified=True, name="Olive"
    )


@pytest.mark.parametrize(
    ("said", "email", "verified", "name"),
    [
        ({"email_verified": False}, "olive@example.com", False, "Olive"),
        ({"email_verified": "true"}, "olive@example.com", False, "Olive"),
        ({"email_verified": 1}, "olive@example.com", False, "Olive"),
        ({"email_verified": None}, "olive@example.com", False, "Olive"),
        ({"email_verified": ...}, "olive@example.com", False, "Olive"),
        ({"email": ...}, "", True, "Olive"),
        ({"email": None}, "", True, "Olive"),
        ({"email": ["olive@example.com"]}, "", True, "Olive"),
        ({"email": "olive@example.com, eve@evil.example"}, "", True, "Olive"),
        ({"email": "olive@example.com\nBcc: eve@evil.example"}, "", True, "Olive"),
        ({"email": " Olive@B\u00dcCHER.example\n"}, "olive@xn--bcher-kva.example", True, "Olive"),
        ({"email": "olive@xn--a.example"}, "", True, "Olive"),
        ({"email": "o" * 300 + "@example.com"}, "", True, "Olive"),
        ({"email": "\ud800@example.com"}, "", True, "Olive"),
        ({"email": "olive\uff20example.com"}, "", True, "Olive"),
        ({"name": ...}, "olive@example.com", True, ""),
        ({"name": 7}, "olive@example.com", True, ""),
        ({"name": "O\u202el\x00i\nv\ud800e"}, "olive@example.com", True, "Olive"),
        (
            {"name": "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627"},
            "olive@example.com",
            True,
            "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627",
        ),
        (
            {"name": "O\u200dlive \U0001f469\u200d\U0001f4bb"},
            "olive@example.com",
            True,
            "Olive \U0001f469\u200d\U0001f4bb",
        ),
        ({"name": "n" * 4_000}, "olive@example.com", True, "n" * 100),
        ({"name": "<script>alert(1)</script>"}, "olive@example.com", True, "<script>alert(1)</script>"),
        ({"name": " \u3000 "}, "olive@example.com", True, ""),
    ],
)
def test_claims_about_a_person_are_normalized(said: Any, email: str, verified: bool, name: str) -> None:
    """Only ``true`` itself verifies an address; an invalid address is left out."""
    with wired(_answers(forgery.token(claims(NOW, **said)))):
        person = _google().person("a-code", CHALLENGE, NOW)

    assert (person.email, person.email_verified, person.name) == (email, verified, name)


@pytest.mark.parametrize(
    "token", [..., None, "", 1, True, [], {}, [forgery.token(claims(NOW))], "a" * 8193, "a" * 2**18]
)
def test_an_answer_without_a_usable_id_token_is_refused_without_another_call(token: Any) -> None:
    """Authlib would continue without one (OA-03); a huge one is not decoded (OA-22)."""
    assert _refusal(_answers(id_token=token)) == (ProviderNotTrusted, [TOKEN_URL])


def _signed(characters: int) -> str:
    """A valid ID token of that length: base64 cannot fill each length with the payload alone."""
    about = (characters - len(forgery.token(claims(NOW, x=""), {"cty": ""}))) * 3 // 4
    tokens = (
        forgery.token(claims(NOW, x="p" * payload), {"cty": "h" * header})
        for header, payload in product(range(3), range(about - 4, about + 4))
    )
    return next(token for token in tokens if len(token) == characters)


def test_an_id_token_has_at_most_8192_characters() -> None:
    """Checked before it is decoded (OA-22): a longer one causes no call for keys."""
    with wired(_answers(_signed(8192))):
        assert _google().person("a-code", CHALLENGE, NOW).subject == "110169484474386276334"

    assert _refusal(_answers(_signed(8193))) == (ProviderNotTrusted, [TOKEN_URL])


def test_a_token_of_another_login_is_refused() -> None:
    """A code that was captured and injected comes with the nonce of that login (OA-10)."""
    answers = _answers(forgery.token(claims(NOW, nonce="of-the-attackers-sign-in")))

    assert _refusal(answers) == (ProviderNotTrusted, [TOKEN_URL, GOOGLE_KEYS])


def test_an_access_token_of_another_login_is_refused() -> None:
    """The ID token names the hash of the access token that was issued with it."""
    signed = forgery.token(claims(NOW, at_hash=at_hash("canary-access-token")))
    with wired(_answers(signed)):
        assert _google().person("a-code", CHALLENGE, NOW).subject == "110169484474386276334"

    assert _refusal(_answers(signed, access_token="another")) == (ProviderNotTrusted, [TOKEN_URL, GOOGLE_KEYS])


def test_keys_are_cached_between_logins() -> None:
    """Two people, three calls."""
    google = _google()
    with wired(_answers()) as wire:
        google.person("a-code", CHALLENGE, NOW)
        google.person("another-code", CHALLENGE, NOW)

    assert wire.urls == [TOKEN_URL, GOOGLE_KEYS, TOKEN_URL]


# What a token endpoint may answer instead of tokens, and the refusal that it causes.
ODD_ANSWERS: tuple[tuple[Any, type[AccountsError]], ...] = (
    ((400, {"error": "invalid_grant", "error_description": "Bad Request"}), LoginExpired),
    ((200, {"error": "bad_verification_code"}), LoginExpired),
    ((401, {"error": "invalid_client"}), ProviderUnavailable),
    ((400, {"error": "invalid_request"}), ProviderUnavailable),
    ((400, {"error": "redirect_uri_mismatch"}), ProviderUnavailable),
    ((200, {"error": "incorrect_client_credentials"}), ProviderUnavailable),
    ((200, {"error": ["invalid_grant"]}), ProviderUnavailable),
    ((200, {"error": {"code": 1}}), ProviderUnavailable),
    ((200, {"error": None}), ProviderUnavailable),
    ((200, {"error": 7}), ProviderUnavailable),
    ((403, b"<html>rate limited</html>"), ProviderUnavailable),
    (b"", ProviderUnavailable),
    (b"not JSON", ProviderUnavailable),
    (b"access_token=a&token_type=bearer", ProviderUnavailable),
    (b'{"access_token": "a", "access_token": "a", "id_token": "b"}', ProviderUnavailable),
    (b'{"access_token": "a", "id_token": "b", "id_token": "b"}', ProviderUnavailable),
    (b'{"access_token": "a", "x": {"y": 1, "y": 1}}', ProviderUnavailable),
    ((400, b'{"error": "invalid_request", "error": "invalid_grant"}'), ProviderUnavailable),
    (b"\xff\xfe\xfd", ProviderUnavailable),
    (b"[" * 200_000, ProviderUnavailable),
    (b'{"access_token":' * 20_000, ProviderUnavailable),
    ((200, None), ProviderUnavailable),
    ((200, []), ProviderUnavailable),
    ((200, ["error"]), ProviderUnavailable),
    ((200, "error"), ProviderUnavailable),
    ((200, 1), ProviderUnavailable),
    ((200, True), ProviderUnavailable),
    ((200, {}), ProviderNotTrusted),
    ((200, {"access_token": ""}), ProviderNotTrusted),
    ((200, {"access_token": None}), ProviderNotTrusted),
    ((200, {"access_token": 7}), ProviderNotTrusted),
    ((200, {"access_token": True}), ProviderNotTrusted),
    ((200, {"access_token": ["a"]}), ProviderNotTrusted),
    ((200, {"access_token": "a\r\nX-Injected: yes"}), ProviderNotTrusted),
    ((200, {"access_token": "\u20ac"}), ProviderNotTrusted),
    ((200, {"access_token": "\ud800"}), ProviderNotTrusted),
    ((200, {"access_token": "a", "expires_in": "soon"}), ProviderUnavailable),
    ((200, {"access_token": "a", "expires_in": None}), ProviderNotTrusted),
    ((200, {"access_token": "a", "expires_in": []}), ProviderNotTrusted),
    ((200, {"access_token": "a", "expires_in": {"x": 1}}), ProviderUnavailable),
    ((200, {"access_token": "a", "expires_in": float("nan")}), ProviderUnavailable),
    ((200, {"access_token": "a", "expires_in": float("inf")}), ProviderUnavailable),
    ((200, {"access_token": "a", "expires_in": 10**400}), ProviderNotTrusted),
    ((200, {"access_token": "a", "expires_at": "never"}), ProviderNotTrusted),
)


@pytest.mark.parametrize(("answer", "refusal"), ODD_ANSWERS)
def test_an_unexpected_answer_to_the_code_is_a_refusal_and_never_a_server_error(
    answer: Any, refusal: type[AccountsError]
) -> None:
    """An invalid code restarts the login; unreadable answers are the provider's error; wrong tokens are not trusted."""
    assert _refusal({TOKEN_URL: answer, GOOGLE_KEYS: key_set()}) == (refusal, [TOKEN_URL])


@pytest.mark.parametrize(
    ("keys", "refusal"),
    [
        ((404, {}), ProviderUnavailable),
        ((304, b""), ProviderUnavailable),
        (b"no JSON", ProviderUnavailable),
        (b"[" * 200_000, ProviderUnavailable),
        (b'{"keys": [],' + json.dumps(key_set()).encode()[1:], ProviderUnavailable),
        (json.dumps(key_set()).encode().replace(b'"kid"', b'"kid": "google", "kid"'), ProviderUnavailable),
        ((200, []), ProviderNotTrusted),
        ((200, {"keys": []}), ProviderNotTrusted),
        (ProviderUnavailable(), ProviderUnavailable),
    ],
)
def test_login_fails_closed_without_keys(keys: Any, refusal: type[AccountsError]) -> None:
    assert _refusal(_answers() | {GOOGLE_KEYS: keys}) == (refusal, [TOKEN_URL, GOOGLE_KEYS])


def test_a_callback_without_a_code_does_not_call_google() -> None:
    assert _refusal(_answers(), code="") == (LoginExpired, [])


def test_an_error_of_the_adapter_is_passed_on() -> None:
    """A provider that is down remains the provider's error."""
    assert _refusal({TOKEN_URL: ProviderUnavailable()}) == (ProviderUnavailable, [TOKEN_URL])


@pytest.mark.parametrize("code", ["a&client_id=evil", "a b", "é", "a\r\nb", "%26", "a" * 2000, "&redirect_uri=x#"])
def test_a_code_cannot_add_a_parameter(code: str) -> None:
    """OA-18: what the caller supplies is one value, whatever characters it has."""
    with wired(_answers()) as wire:
        _google().person(code, CHALLENGE, NOW)

    form = wire.form()
    assert (form["code"], form["client_id"], form["redirect_uri"], len(form)) == (code, CLIENT_ID, REDIRECT_URI, 6)


def test_no_secret_is_printed() -> None:
    """Credentials and challenges could end up in a traceback."""
    assert repr((CREDENTIALS, CHALLENGE)) == f"(ClientCredentials(client_id='{CLIENT_ID}'), Challenge())"
