"""Google: OpenID Connect, with every claim checked here (OpenID Connect Core 3.1.3.7; ASVS 10.5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from authlib.oidc.core.util import create_half_hash
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey
from joserfc.util import urlsafe_b64decode

from accounts.errors import ProviderNotTrusted
from accounts.identity_providers import strict_json
from accounts.identity_providers.client import AuthorizationCodeClient, Endpoints
from accounts.identity_providers.people import clean_email, clean_name
from accounts.limits import (
    ID_TOKEN_LEEWAY,
    ID_TOKEN_MAX_CHARACTERS,
    PROVIDER_KEYS_KEPT,
    PROVIDER_KEYS_REFETCHED_AT_MOST_EVERY,
)
from accounts.model.providers import GOOGLE, Challenge, ClientCredentials, ProviderName, ProviderPerson

ISSUER = "https://accounts.google.com"
# Google documents that an ID token may name it without the scheme.
_ISSUERS = (ISSUER, "accounts.google.com")
SCOPE = "openid email profile"
# Hard-coded, so that a discovery document cannot introduce none or HS256.
ALGORITHM = "RS256"
# OpenID Connect Core 2: at most 255 ASCII characters. The subject becomes part of a table's key.
_SUBJECT = re.compile(r"[\x21-\x7e]{1,255}")
# The end of the year 9999, the last that datetime supports. Excludes NaN and infinity, which JSON parsers accept.
_LAST_SECOND = 253_402_300_799


class Google:
    name: ProviderName = GOOGLE
    issuer = ISSUER

    def __init__(self, credentials: ClientCredentials, redirect_uri: str, stand_in: str = "") -> None:
        """``stand_in`` is the origin of the local cloud's Google, or empty for the real one."""
        self._client = AuthorizationCodeClient(_endpoints(stand_in), credentials, redirect_uri, SCOPE)
        jwks_url = self._client.endpoints.others["jwks"]
        self._keys = PinnedKeys(lambda: self._client.get_json(jwks_url))

    def authorization_url(self, state: str, challenge: Challenge) -> str:
        """The login page, where people with several Google accounts can choose one."""
        return self._client.authorization_url(state, challenge, nonce=challenge.nonce, prompt="select_account")

    def person(self, code: str, challenge: Challenge, now: datetime) -> ProviderPerson:
        """The Google user, from the ID token; the access token is discarded."""
        tokens = self._client.exchange(code, challenge)
        token = tokens.get("id_token")
        if not isinstance(token, str) or len(token) > ID_TOKEN_MAX_CHARACTERS:
            raise ProviderNotTrusted
        claims = check_id_token(
            token,
            self._keys.for_token(token, now),
            client_id=self._client.client_id,
            nonce=challenge.nonce,
            access_token=tokens["access_token"],
            now=now,
        )
        return ProviderPerson(
            provider=GOOGLE,
            subject=claims["sub"],
            email=clean_email(claims.get("email")),
            email_verified=claims.get("email_verified") is True,
            name=clean_name(claims.get("name")),
        )


class PinnedKeys:
    """Google's signing keys, cached for an hour. An unknown key id refetches them, at a limited rate."""

    def __init__(self, fetch: Callable[[], Any]) -> None:
        """``fetch`` returns a JWK Set (RFC 7517 5)."""
        self._fetch = fetch
        self._keys: KeySet | None = None
        self._fetched_at: datetime | None = None

    def for_token(self, token: str, now: datetime) -> KeySet:
        """Keys that can verify the token; raises ProviderNotTrusted for an unacceptable header.

        Only ``alg`` and ``kid`` of the header are read: keys and key URLs in it (jwk, jku, x5u, x5c) are ignored.
        """
        kid = _key_id(token)
        age = now - self._fetched_at if self._fetched_at else None
        unknown = self._keys is None or all(key.kid != kid for key in self._keys.keys)
        if age is None or age >= PROVIDER_KEYS_KEPT or (unknown and age >= PROVIDER_KEYS_REFETCHED_AT_MOST_EVERY):
            self._keys, self._fetched_at = _key_set(self._fetch()), now
        if self._keys is None:
            raise ProviderNotTrusted
        return self._keys


def check_id_token(
    token: str, keys: KeySet, *, client_id: str, nonce: str, access_token: str, now: datetime
) -> Mapping[str, Any]:
    """The claims of a current ID token from Google, for this client and this login; raises ProviderNotTrusted.

    ``access_token`` came with it. The token may name its hash (OpenID Connect Core 3.1.3.8).
    """
    try:
        claims = jwt.decode(token, keys, algorithms=[ALGORITHM], decoder_cls=strict_json.StrictDecoder).claims
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise ProviderNotTrusted from error
    subject, half_hash = claims.get("sub"), create_half_hash(access_token, ALGORITHM).decode()
    expected = (
        claims.get("iss") in _ISSUERS
        and claims.get("aud") == client_id
        and claims.get("azp", client_id) == client_id
        and bool(nonce)
        and claims.get("nonce") == nonce
        and claims.get("at_hash", half_hash) == half_hash
        and isinstance(subject, str)
        and _SUBJECT.fullmatch(subject) is not None
    )
    if not expected or not _is_current(claims, now):
        raise ProviderNotTrusted
    return claims


def _is_current(claims: Mapping[str, Any], now: datetime) -> bool:
    leeway, seconds = ID_TOKEN_LEEWAY.total_seconds(), now.timestamp()
    expires, issued = _number(claims.get("exp")), _number(claims.get("iat"))
    not_before = _number(claims.get("nbf", 0))
    if expires is None or issued is None or not_before is None:
        return False
    return expires > seconds - leeway and max(issued, not_before) <= seconds + leeway


def _number(claim: Any) -> float | None:  # noqa: ANN401 - any JSON
    is_number = isinstance(claim, int | float) and not isinstance(claim, bool)
    return claim if is_number and 0 <= claim <= _LAST_SECOND else None


def _key_id(token: str) -> str:
    try:
        jws.extract_compact(token.encode())
        header = strict_json.parse(urlsafe_b64decode(token.partition(".")[0].encode()))
    except (JoseError, ValueError) as error:
        raise ProviderNotTrusted from error
    kid = header.get("kid")
    if header.get("alg") != ALGORITHM or not isinstance(kid, str):
        raise ProviderNotTrusted
    return kid


def _key_set(fetched: Any) -> KeySet:  # noqa: ANN401 - any JSON
    """The RSA keys for ALGORITHM; keys of another type or use are ignored (RFC 7517 5)."""
    listed = fetched.get("keys") if isinstance(fetched, dict) else None
    imported = (_key(entry) for entry in (listed if isinstance(listed, list) else []))
    keys = [key for key in imported if key is not None]
    if not keys:
        raise ProviderNotTrusted
    return KeySet(list(keys))


def _key(entry: Any) -> RSAKey | None:  # noqa: ANN401 - any JSON
    if not isinstance(entry, dict) or entry.get("kty") != "RSA":
        return None
    if entry.get("use", "sig") != "sig" or entry.get("alg", ALGORITHM) != ALGORITHM:
        return None
    try:
        return RSAKey.import_key(entry)
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _endpoints(stand_in: str) -> Endpoints:
    if stand_in:
        return Endpoints(
            issuer=ISSUER,
            authorization=f"{stand_in}/o/oauth2/v2/auth",
            token=f"{stand_in}/token",
            others={"jwks": f"{stand_in}/oauth2/v3/certs"},
        )
    return Endpoints(
        issuer=ISSUER,
        authorization="https://accounts.google.com/o/oauth2/v2/auth",
        token="https://oauth2.googleapis.com/token",  # noqa: S106 - an address
        others={"jwks": "https://www.googleapis.com/oauth2/v3/certs"},
    )
