"""The authorization code grant with PKCE, which Google and GitHub share (RFC 6749 4.1, RFC 7636)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from msgspec import Struct
from requests import RequestException, Response

from accounts.errors import LoginExpired, ProviderNotTrusted, ProviderUnavailable
from accounts.identity_providers import strict_json
from accounts.identity_providers.http import BoundedAdapter, origin
from accounts.model.providers import Challenge, ClientCredentials

# RFC 6749 5.2: the code was used, has expired, or belongs to another client. GitHub has a code of its own.
_BAD_CODE = frozenset({"invalid_grant", "bad_verification_code"})
# More characters than RFC 6750 2.1 allows, but only those that are safe in a header.
_ACCESS_TOKEN = re.compile(r"[\x21-\x7e]+")
# What requests, authlib and the JSON parser raise for a malformed body.
_UNREADABLE = (RequestException, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError)


class Endpoints(Struct, frozen=True):
    """A provider's URLs, hard-coded instead of read from a discovery document (ASVS 10.5.3)."""

    issuer: str
    authorization: str
    token: str
    others: Mapping[str, str]

    @property
    def origins(self) -> frozenset[str]:
        return frozenset(map(origin, (self.token, *self.others.values())))


class AuthorizationCodeClient:
    """Builds the URL that sends the browser to the provider, and exchanges the returned code for tokens."""

    def __init__(self, endpoints: Endpoints, credentials: ClientCredentials, redirect_uri: str, scope: str) -> None:
        """``redirect_uri`` must be registered with the provider exactly as given."""
        self.endpoints = endpoints
        self.client_id = credentials.client_id
        self._credentials = credentials
        self._redirect_uri = redirect_uri
        self._scope = scope

    def authorization_url(self, state: str, challenge: Challenge, **extra: str) -> str:
        """The provider's login page. Contains no input of the caller."""
        session = self._session()
        url, _ = session.create_authorization_url(
            self.endpoints.authorization, state=state, code_verifier=challenge.verifier, **extra
        )
        return str(url)

    def exchange(self, code: str, challenge: Challenge) -> Mapping[str, Any]:
        """The token response for a code; raises LoginExpired, ProviderNotTrusted or ProviderUnavailable.

        The caller has checked and consumed the state; authlib does not check it here.
        """
        if not code:
            raise LoginExpired
        try:
            tokens = self._session().fetch_token(
                self.endpoints.token,
                code=code,
                code_verifier=challenge.verifier,
                headers={"Accept": "application/json"},
            )
        except AuthlibBaseError as error:
            raise (LoginExpired if str(error.error) in _BAD_CODE else ProviderUnavailable) from error
        except _UNREADABLE as error:
            raise ProviderUnavailable from error
        if not isinstance(tokens, dict) or not _is_access_token(tokens.get("access_token")):
            raise ProviderNotTrusted
        return tokens

    def get_json(self, url: str, access_token: str = "") -> Any:  # noqa: ANN401 - any JSON
        """The JSON of an API response; raises ProviderUnavailable unless it is 200 and JSON."""
        headers = {"Accept": "application/json"}
        if access_token:
            headers["Authorization"] = f"Bearer {access_token}"
        response = self._session().get(url, headers=headers, withhold_token=True, allow_redirects=False)
        try:
            if response.status_code == 200:  # noqa: PLR2004
                return strict_json.parse(response.content)
        except _UNREADABLE as error:
            raise ProviderUnavailable from error
        raise ProviderUnavailable

    def _session(self) -> OAuth2Session:
        """A new session for each call: authlib's sessions keep tokens, which must not leak into another request."""
        session = OAuth2Session(
            client_id=self._credentials.client_id,
            client_secret=self._credentials.client_secret,
            scope=self._scope,
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_post",  # noqa: S106 - RFC 6749's name for a method
        )
        session.trust_env = False
        session.max_redirects = 0
        adapter = BoundedAdapter(self.endpoints.origins)
        session.register_compliance_hook("access_token_response", _unambiguous)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session


def _is_access_token(value: Any) -> bool:  # noqa: ANN401 - any JSON
    return isinstance(value, str) and _ACCESS_TOKEN.fullmatch(value) is not None


def _unambiguous(response: Response) -> Response:
    """Called before authlib parses the token response, which would keep the last of two equal names."""
    strict_json.parse(response.content)
    return response
