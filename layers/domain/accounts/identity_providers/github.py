"""GitHub: OAuth 2.0 and two API calls. It issues no ID token; the subject is the numeric user id."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.errors import ProviderNotTrusted
from accounts.identity_providers.client import AuthorizationCodeClient, Endpoints
from accounts.identity_providers.people import clean_email, clean_name
from accounts.model.providers import GITHUB, Challenge, ClientCredentials, ProviderName, ProviderPerson

ISSUER = "https://github.com/login/oauth"
SCOPE = "read:user user:email"


class GitHub:
    name: ProviderName = GITHUB
    issuer = ISSUER

    def __init__(self, credentials: ClientCredentials, redirect_uri: str, stand_in: str = "") -> None:
        """``stand_in`` is the origin of the local cloud's GitHub, or empty for the real one."""
        self._client = AuthorizationCodeClient(_endpoints(stand_in), credentials, redirect_uri, SCOPE)

    def authorization_url(self, state: str, challenge: Challenge) -> str:
        """The login page, where people with several GitHub accounts can choose one."""
        return self._client.authorization_url(state, challenge, prompt="select_account")

    def person(self, code: str, challenge: Challenge, now: datetime) -> ProviderPerson:  # noqa: ARG002 - no token has a time
        """The GitHub user, by numeric id: renaming keeps it, and a recycled user name does not inherit it."""
        token = str(self._client.exchange(code, challenge)["access_token"])
        others = self._client.endpoints.others
        user = self._client.get_json(others["user"], token)
        email, verified = primary_email(self._client.get_json(others["emails"], token))
        if not isinstance(user, dict):
            raise ProviderNotTrusted
        return ProviderPerson(
            provider=GITHUB,
            subject=_subject(user.get("id")),
            email=email,
            email_verified=verified,
            name=clean_name(user.get("name") or user.get("login")),
        )


def primary_email(entries: Any) -> tuple[str, bool]:  # noqa: ANN401 - any JSON
    """The primary address of ``/user/emails``, and whether GitHub verified it; empty unless exactly one is primary.

    The address in the profile is ignored: its owner can set it to any text.
    """
    listed = entries if isinstance(entries, list) else []
    primary = [entry for entry in listed if isinstance(entry, dict) and entry.get("primary") is True]
    if len(primary) != 1:
        return "", False
    return clean_email(primary[0].get("email")), primary[0].get("verified") is True


def _subject(value: Any) -> str:  # noqa: ANN401 - any JSON
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ProviderNotTrusted
    return str(value)


def _endpoints(stand_in: str) -> Endpoints:
    site, api = (stand_in, f"{stand_in}/api") if stand_in else ("https://github.com", "https://api.github.com")
    return Endpoints(
        issuer=ISSUER,
        authorization=f"{site}/login/oauth/authorize",
        token=f"{site}/login/oauth/access_token",
        others={"user": f"{api}/user", "emails": f"{api}/user/emails"},
    )
