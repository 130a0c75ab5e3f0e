"""Google's ID token: a valid one is accepted, and none of these (OA-03, OA-04, OA-05, OA-22, OA-23)."""

import hashlib
import json
import time
from typing import Any

import pytest

from accounts.errors import ProviderNotTrusted
from tests.unit.accounts.identity_providers import forgery
from tests.unit.accounts.identity_providers.forgery import (
    ACCESS_TOKEN,
    CLIENT_ID,
    NONCE,
    at_hash,
    check,
    claims,
    public_jwk,
)
from tests.unit.accounts.stage import NOW

SECONDS = int(NOW.timestamp())
EMBEDDED = public_jwk("attacker", "attacker")


def test_a_valid_token_is_accepted() -> None:
    """Its claims are returned unchanged."""
    said = claims(NOW)

    assert check(forgery.token(said)) == said


@pytest.mark.parametrize("changes", [{"azp": ...}, {"aud": CLIENT_ID, "azp": CLIENT_ID, "hd": "example.com"}])
def test_optional_and_unknown_claims_are_accepted(changes: dict[str, Any]) -> None:
    """``azp`` is optional (OpenID Connect Core 2), and unknown claims are ignored."""
    said = claims(NOW, **changes)

    assert check(forgery.token(said)) == said


@pytest.mark.parametrize("issuer", ["https://accounts.google.com", "accounts.google.com"])
def test_google_may_name_itself_without_the_scheme(issuer: str) -> None:
    """Google documents both."""
    said = claims(NOW, iss=issuer)

    assert check(forgery.token(said)) == said


def test_a_token_may_name_the_hash_of_its_access_token() -> None:
    """``at_hash`` is optional in this flow, and Google sends it."""
    said = claims(NOW, at_hash=at_hash(ACCESS_TOKEN))

    assert check(forgery.token(said)) == said


WRONG_CLAIMS: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://accounts.evil.example"},
    "the issuer with http": {"iss": "http://accounts.google.com"},
    "the issuer with a slash": {"iss": "https://accounts.google.com/"},
    "the issuer in capitals": {"iss": "https://ACCOUNTS.google.com"},
    "issuers in a list": {"iss": ["https://accounts.google.com"]},
    "an issuer that ends like it": {"iss": "evil.accounts.google.com"},
    "no issuer": {"iss": ...},
    "another audience": {"aud": "another-client"},
    "this client in a list": {"aud": [CLIENT_ID]},
    "this client among others": {"aud": [CLIENT_ID, "another-client"]},
    "no audience": {"aud": ...},
    "an audience that begins like this client": {"aud": CLIENT_ID + ".evil"},
    "an empty audience": {"aud": ""},
    "a null audience": {"aud": None},
    "another authorized party": {"azp": "another-client"},
    "a null authorized party": {"azp": None},
    "an authorized party in a list": {"azp": [CLIENT_ID]},
    "no nonce": {"nonce": ...},
    "another nonce": {"nonce": "the-nonce-of-another-sign-in"},
    "an empty nonce": {"nonce": ""},
    "a null nonce": {"nonce": None},
    "a nonce in a list": {"nonce": [NONCE]},
    "a nonce that is true": {"nonce": True},
    "the hash of another access token": {"at_hash": at_hash("another-access-token")},
    "the whole hash": {"at_hash": forgery.b64(hashlib.sha256(ACCESS_TOKEN.encode()).digest())},
    "the hash of another algorithm": {"at_hash": at_hash(ACCESS_TOKEN, "sha512")},
    "the hash with padding": {"at_hash": at_hash(ACCESS_TOKEN) + "=="},
    "an empty hash": {"at_hash": ""},
    "a null hash": {"at_hash": None},
    "a hash in a list": {"at_hash": [at_hash(ACCESS_TOKEN)]},
    "a hash that is true": {"at_hash": True},
    "no subject": {"sub": ...},
    "an empty subject": {"sub": ""},
    "a null subject": {"sub": None},
    "a subject that is a number": {"sub": 110169484474386276334},
    "a subject that is true": {"sub": True},
    "a subject in a list": {"sub": ["1"]},
    "a subject that is too long": {"sub": "1" * 256},
    "a subject with half a character": {"sub": "\ud800"},
    "a subject that is not ASCII": {"sub": "①"},
    "a subject with a line break": {"sub": "1\n2"},
    "a subject with a NUL": {"sub": "1\x00"},
    "expired": {"exp": SECONDS - 60},
    "long expired": {"exp": 1},
    "expired before the epoch": {"exp": -SECONDS},
    "no expiry": {"exp": ...},
    "a null expiry": {"exp": None},
    "expiry as text": {"exp": str(SECONDS + 3600)},
    "expiry that is true": {"exp": True},
    "expiry in a list": {"exp": [SECONDS + 3600]},
    "expiry that is NaN": {"exp": float("nan")},
    "expiry without end": {"exp": float("inf")},
    "expiry of 400 digits": {"exp": 10**400},
    "issued in the future": {"iat": SECONDS + 61},
    "not issued": {"iat": ...},
    "issued as text": {"iat": str(SECONDS)},
    "issued at true": {"iat": True},
    "issued at NaN": {"iat": float("nan")},
    "issued after all time": {"iat": float("inf")},
    "issued before all time": {"iat": float("-inf")},
    "issued at minus 400 digits": {"iat": -(10**400)},
    "not valid yet": {"nbf": SECONDS + 61},
    "valid from text on": {"nbf": "0"},
    "valid from true on": {"nbf": True},
    "valid from null on": {"nbf": None},
    "valid from NaN on": {"nbf": float("nan")},
    "valid from the end of time on": {"nbf": float("inf")},
    "valid from 400 digits on": {"nbf": 10**400},
}


@pytest.mark.parametrize("what", WRONG_CLAIMS)
def test_a_token_with_a_wrong_claim_is_refused_although_google_signed_it(what: str) -> None:
    """Each wrong claim alone is enough."""
    token = forgery.token(claims(NOW, **WRONG_CLAIMS[what]))

    with pytest.raises(ProviderNotTrusted):
        check(token)


@pytest.mark.parametrize(
    ("changes", "seconds", "good"),
    [
        ({"exp": SECONDS}, 59, True),
        ({"exp": SECONDS}, 60, False),
        ({"exp": SECONDS}, 61, False),
        ({"iat": SECONDS}, -60, True),
        ({"iat": SECONDS}, -61, False),
        ({"iat": SECONDS - 3600, "nbf": SECONDS}, -60, True),
        ({"iat": SECONDS - 3600, "nbf": SECONDS}, -61, False),
        ({"exp": SECONDS + 0.5}, 60, True),
        ({"exp": SECONDS + 0.5}, 60.5, False),
    ],
)
def test_clocks_may_differ_by_a_minute(changes: dict[str, Any], seconds: float, good: bool) -> None:
    """60 seconds in both directions, to the second."""
    token = forgery.token(claims(NOW, **changes))
    try:
        believed = check(token, seconds=seconds)["sub"] != ""
    except ProviderNotTrusted:
        believed = False

    assert believed is good


@pytest.mark.parametrize("expected", ["", "another"])
def test_a_login_without_a_nonce_accepts_no_token(expected: str) -> None:
    """Not even a token whose nonce is empty too."""
    with pytest.raises(ProviderNotTrusted):
        check(forgery.token(claims(NOW, nonce="")), nonce=expected)


FORGED: dict[str, str] = {
    "alg none": forgery.token(claims(NOW), {"alg": "none"}, signed_as="none"),
    "alg none in other letters": forgery.token(claims(NOW), {"alg": "nOnE"}, signed_as="none"),
    "no signature": forgery.token(claims(NOW), signed_as="none"),
    "the public key as a secret": forgery.token(claims(NOW), {"alg": "HS256"}, signed_as="HS256"),
    "the public key as a secret, called RS256": forgery.token(claims(NOW), signed_as="HS256"),
    "HS512": forgery.token(claims(NOW), {"alg": "HS512"}, signed_as="HS512"),
    "Google's key, but RS512": forgery.token(claims(NOW), {"alg": "RS512"}, signed_as="RS512"),
    "Google's key, but RS384": forgery.token(claims(NOW), {"alg": "RS384"}, signed_as="RS384"),
    "Google's key, but PS256": forgery.token(claims(NOW), {"alg": "PS256"}, signed_as="PS256"),
    "RS512 called RS256": forgery.token(claims(NOW), signed_as="RS512"),
    "PS256 called RS256": forgery.token(claims(NOW), signed_as="PS256"),
    "ES256": forgery.token(claims(NOW), {"alg": "ES256"}, signed_as="ES256"),
    "lower case": forgery.token(claims(NOW), {"alg": "rs256"}),
    "no algorithm": forgery.token(claims(NOW), {"alg": None}),
    "algorithms in a list": forgery.token(claims(NOW), {"alg": ["RS256"]}),
    "another's key": forgery.token(claims(NOW), key="attacker"),
    "another's key in the header": forgery.token(claims(NOW), {"jwk": EMBEDDED}, key="attacker"),
    "another's key in the header, by its name": forgery.token(
        claims(NOW), {"jwk": EMBEDDED, "kid": "attacker"}, key="attacker"
    ),
    "another's keys' address": forgery.token(claims(NOW), {"jku": "https://evil.example/keys"}, key="attacker"),
    "another's certificate's address": forgery.token(claims(NOW), {"x5u": "https://evil.example/pem"}, key="attacker"),
    "another's certificate": forgery.token(claims(NOW), {"x5c": ["MIIB"]}, key="attacker"),
    "an unknown critical header": forgery.token(claims(NOW), {"crit": ["exp"], "exp": 1}),
    "an unencoded payload": forgery.token(claims(NOW), {"b64": False, "crit": ["b64"]}),
    "no key id": forgery.token(claims(NOW), {"kid": None}),
    "a key id that is a number": forgery.token(claims(NOW), {"kid": 1}),
    "a key id in a list": forgery.token(claims(NOW), {"kid": ["google"]}),
    "an unknown key id": forgery.token(claims(NOW), {"kid": "../../dev/null"}),
    "a key id of SQL": forgery.token(claims(NOW), {"kid": "' OR 1=1 --"}),
    "a header that is a list": forgery.token(claims(NOW), "[]"),
    "a header that is null": forgery.token(claims(NOW), "null"),
    "a header that is text": forgery.token(claims(NOW), '"RS256"'),
    "a header that is not JSON": forgery.token(claims(NOW), "{"),
    "a header that is deep": forgery.token(claims(NOW), '{"alg":"RS256","kid":"google","x":' + "[" * 5000),
    "a payload that is a list": forgery.token([claims(NOW)]),
    "a payload that is null": forgery.token("null"),
    "a payload that is not JSON": forgery.token("{"),
    "a payload that is not UTF-8": forgery.token(claims(NOW)).replace(".", ".gICA", 1),
    "a payload that is deep": forgery.token("[" * 5000),
    "two dots less": "eyJhbGciOiJSUzI1NiIsImtpZCI6Imdvb2dsZSJ9",
    "a dot more": forgery.token(claims(NOW)) + ".e30",
    "five parts": "e30.e30.e30.e30.e30",
    "only dots": "..",
    "a space": " ",
    "not ASCII": "é.é.é",
    "half a character": "\ud800",
    "a changed payload": forgery.token(claims(NOW)).replace(".ey", ".ez", 1),
    "a signature cut short": forgery.token(claims(NOW))[:-4],
    "the signature of another token": ".".join(
        [*forgery.token(claims(NOW, sub="1")).split(".")[:2], forgery.token(claims(NOW)).split(".")[2]]
    ),
    "JSON serialization": json.dumps({"payload": "e30", "signatures": []}),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_token_is_refused(what: str) -> None:
    """Whatever its header claims: RS256 with a key that Google publishes, or nothing."""
    with pytest.raises(ProviderNotTrusted):
        check(FORGED[what])


@pytest.mark.parametrize(
    "repeated",
    [
        *(json.dumps({name: value})[1:-1] for name, value in claims(NOW).items()),
        '"\\u0073ub": "110169484474386276334"',
        '"hd": "example.com", "hd": "example.com"',
        '"address": {"country": "DE", "country": "DE"}',
        '"list": [{"a": 1, "a": 1}]',
    ],
)
def test_a_repeated_claim_is_refused(repeated: str) -> None:
    """Even with an equal value, in another spelling or below another claim (RFC 7519 4): readers may disagree."""
    text = json.dumps(claims(NOW))[:-1] + f", {repeated}}}"

    with pytest.raises(ProviderNotTrusted):
        check(forgery.token(text))


@pytest.mark.parametrize(
    "header",
    [
        '{"alg":"RS256","alg":"RS256","kid":"google"}',
        '{"alg":"none","alg":"RS256","kid":"google"}',
        '{"alg":"RS256","kid":"attacker","kid":"google"}',
        '{"alg":"RS256","kid":"google","\\u006bid":"google"}',
        '{"alg":"RS256","kid":"google","typ":"JWT","typ":"JWT"}',
        '{"alg":"RS256","kid":"google","x":{"y":1,"y":1}}',
    ],
)
def test_a_repeated_header_parameter_is_refused(header: str) -> None:
    """RFC 7515 4: the names within a header are unique."""
    with pytest.raises(ProviderNotTrusted):
        check(forgery.token(claims(NOW), header))


@pytest.mark.parametrize("filling", ["a", ".", "[", "eyJhbGciOiJSUzI1NiJ9.", "\x00"])
def test_a_token_of_a_megabyte_is_refused_before_anything_is_decoded(filling: str) -> None:
    """In less than 5 ms (CVE-2025-61920)."""
    huge = (filling * 2**20)[: 2**20]
    spent = []
    for _ in range(5):
        began = time.thread_time()
        with pytest.raises(ProviderNotTrusted):
            check(huge)
        spent.append(time.thread_time() - began)

    assert min(spent) < 0.005
