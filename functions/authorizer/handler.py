"""A Lambda authorizer for other HTTP APIs of the AWS account: whose session or API key does this request present?"""

from datetime import UTC, datetime
from typing import Any

from accounts import settings
from accounts.authorization_server.tokens import AccessTokens
from accounts.aws.signing import signing_keys
from accounts.dynamo.api_keys import ApiKeysTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.throttles import ThrottlesTable
from accounts.flows.people.authentication import Authentication, KeyLookup, LoginAuthentication, SessionAuthentication
from accounts.web import authorizations
from accounts.web.requests import Event

SETTINGS = settings.load()
SESSIONS = SessionAuthentication(SessionsTable(SETTINGS["SESSIONS_TABLE"]))
LOGGED_IN = LoginAuthentication(SESSIONS, AccessTokens(SETTINGS.site_url, signing_keys(SETTINGS).public))
KEYS = KeyLookup(ApiKeysTable(SETTINGS["API_KEYS_TABLE"]), ThrottlesTable(SETTINGS["THROTTLES_TABLE"]))
AUTHENTICATION = Authentication(LOGGED_IN, KEYS)


def lambda_handler(event: Event, _context: object) -> dict[str, Any]:
    """Allow with the caller's identity in the context, or deny; a failure denies by raising (never by allowing)."""
    return authorizations.decide(AUTHENTICATION, SETTINGS, event, datetime.now(UTC))
