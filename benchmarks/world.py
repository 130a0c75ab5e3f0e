"""The account of the samples in ``events/``, and the environment of the functions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

from accounts import secrets
from accounts.aws.signing import SigningKeys
from accounts.dynamo.api_keys import ApiKeysTable
from accounts.dynamo.identities import IdentitiesTable
from accounts.dynamo.one_time_tokens import OneTimeTokensTable
from accounts.dynamo.passkeys import PasskeysTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.tables import Table
from accounts.dynamo.users import UsersTable
from accounts.model import (
    access_tokens,
    api_keys,
    device_codes,
    identities,
    one_time_tokens,
    passkeys,
    scanner_keys,
    sessions,
    users,
)
from accounts.model.api_keys import ApiKey
from accounts.model.audit import Caller
from accounts.model.clients import COMFY_CLI
from accounts.model.identities import Identity
from accounts.model.one_time_tokens import (
    AUTHORIZATION_CODE,
    EMAIL_CHANGE,
    EMAIL_VERIFICATION,
    PASSWORD_RESET,
    USER_CODE,
    OneTimeToken,
    SignUp,
)
from accounts.model.passkeys import Passkey
from accounts.model.passwords import BcryptHasher
from accounts.model.peppers import Peppers
from accounts.model.resources import SCOPE
from accounts.model.sessions import Session
from accounts.model.users import User
from accounts.transactions import Change
from benchmarks.stub import Tables
from scripts import stacks
from scripts.sam_local import samples
from scripts.sam_local.made_up import SCANNER_KEYS, VALUES

ROOT = Path(__file__).parents[1]
SITE_URL = "https://accounts.example.com"
PEPPER = "p" * 64
SECRETS = {
    "ProofSecret": "p" * 48,
    "PepperSecret": json.dumps({"current": "1", "1": PEPPER}),
    "AdminSecret": VALUES["admin_secret"],
    "OAuthProvidersSecret": json.dumps({"google": {"client_id": "benchmark", "client_secret": "benchmark"}}),
}
# Additional events: `<function> <variant>`.
VARIANTS = ("account_show token", "authorizer token", "client_token refresh")
HASHER = BcryptHasher(lambda _version: Peppers("1", {"1": PEPPER.encode()}))
_USER_ID = VALUES["account_id"]
# Credential ids; the first is that of the samples.
_PASSKEYS = ("c2FtcGxlLXBhc3NrZXktMQ", "c2FtcGxlLXBhc3NrZXktMg")


def environment() -> dict[str, str]:
    """The functions' environment from the template, with references replaced by logical ids."""
    template = stacks.read(ROOT / "template.yaml")
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    return {
        **{
            name: value["Ref"] if isinstance(value, dict) and "Ref" in value else ""
            for name, value in variables.items()
            if name != "AWS_ENDPOINT_URL"
        },
        "STAGE": "local",
        "SITE_URL": SITE_URL,
        "SITE_NAME": "Comfy",
        "ACCENT_COLOR": "#1a56db",
        "ACCENT_COLOR_DARK": "#8ab4ff",
        "SUPPORT_URL": SITE_URL,
        "LOGO_URL": "",
        "TERMS_URL": "",
        "WALKTHROUGH_URL": SITE_URL,
        "BREACHED_PASSWORD_LOOKUP": "off",
        "MAILBOX_URL": "",
        "ALLOWED_ORIGINS": "",
        "OAUTH_CLIENTS": "",
        "CLIENT_METADATA_HOSTS": "*",
        "CLIENT_DOCUMENT_FUNCTION": "ClientDocumentFunction",
        "OAUTH_RESOURCES": "",
        "AUTHORIZER_AUDIENCE": "",
        "FIREWALL_SECRET_DIGESTS": "",
        "PASSWORD_MIN_CHARACTERS": "15",
        "SECOND_FACTOR": "optional",
        "CONFIRM_NEW_BROWSERS": "off",
        "SESSION_HOURS": "24",
        "SESSION_IDLE_MINUTES": "60",
        "REMEMBERED_SESSION_DAYS": "30",
        "REMEMBERED_SESSION_IDLE_DAYS": "7",
        "SIGN_WITH": "A",
        "GOOGLE_ENDPOINT": "",
        "GITHUB_ENDPOINT": "",
        "MAIL_FEEDBACK_TOPIC": sample("mail_feedback")["Records"][0]["Sns"]["TopicArn"],
        "MAIL_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/MailQueue",
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "POWERTOOLS_LOGGER_LOG_EVENT": "false",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "benchmark",
        "AWS_SECRET_ACCESS_KEY": "benchmark",
        "AWS_LAMBDA_FUNCTION_NAME": "benchmark",
    }


def sample(function: str) -> dict[str, Any]:
    """The event in ``events/<function>.json``, with made-up values."""
    return samples.event(function, VALUES.__getitem__)


def event(name: str) -> dict[str, Any]:
    """The event of a benchmark: the function's sample, or a variant of it. The stub's KMS signs tokens."""
    function, _, variant = name.partition(" ")
    asked = sample(function)
    if variant == "refresh":
        body = {"grant_type": "refresh_token", "client_id": COMFY_CLI, "refresh_token": _form("client_revoke")["token"]}
        return asked | {"body": urlencode(body)}
    if variant == "token":
        now = datetime.now(UTC)
        user, session = _user(identities.email_key("person@example.com"), now), _client_session(now)
        token = SigningKeys("SigningKeyA").sign(access_tokens.claims(SITE_URL, session, user, now))
        del asked["headers"]["x-api-key"]
        asked["headers"]["authorization"] = f"Bearer {token}"
    return asked


def tables() -> Tables:
    """The items: the samples' account with a session and an API key, and an unconfirmed sign-up."""
    now = datetime.now(UTC)
    key = identities.email_key("person@example.com")
    hashed = HASHER.hash(VALUES["password"])
    identity = Identity(
        key=key,
        user_id=_USER_ID,
        email="person@example.com",
        name="Some Person",
        created_at=now,
        updated_at=now,
        password_hash=hashed,
        verified=True,
        pending_change=secrets.digest(_body("email_change_confirm")["token"]),
        known_browsers=(secrets.digest(sample("login")["cookies"][0].partition("=")[2]),),
    )
    return {
        "AuditEventsTable": [],
        "ThrottlesTable": [],
        "MailDeliveriesTable": [],
        "ClientDocumentsTable": [_scanner_keys(now)],
        "UsersTable": [_item(UsersTable("UsersTable"), users.Open(_user(key, now)))],
        "SessionsTable": [
            _item(SessionsTable("SessionsTable"), sessions.Start(each))
            for each in (_session(now), replace(_session(now), digest=_target("session_revoke")), _client_session(now))
        ],
        "PasskeysTable": [_item(PasskeysTable("PasskeysTable"), passkeys.Add(each)) for each in _passkeys(now)],
        "ApiKeysTable": [_item(ApiKeysTable("ApiKeysTable"), api_keys.Add(_api_key(now)))],
        **_waiting(identity, now),
    }


def _waiting(identity: Identity, now: datetime) -> Tables:
    digest, sign_up = secrets.digest(_body("email_verify")["token"]), SignUp("", str(identity.password_hash), "browser")
    reset, later, moved = (
        secrets.digest(_body("password_reset")["token"]),
        now + timedelta(hours=24),
        {"email": "moved@example.com"},
    )
    mailed = (
        OneTimeToken(EMAIL_VERIFICATION, digest, identities.email_key("new@example.com"), now, later, sign_up.stored()),
        OneTimeToken(PASSWORD_RESET, reset, identity.key, now, later, {"user_id": _USER_ID}),
        OneTimeToken(EMAIL_CHANGE, str(identity.pending_change), _USER_ID, now, later, moved),
        _code(now, later),
        _typed(now, later),
    )
    stored, tokens = IdentitiesTable("IdentitiesTable"), OneTimeTokensTable("OneTimeTokensTable")
    return {
        "IdentitiesTable": [_item(stored, identities.Claim(identity))],
        "OneTimeTokensTable": [_item(tokens, one_time_tokens.Issue(token)) for token in mailed],
    }


def _user(key: str, now: datetime) -> User:
    held = {session: now + timedelta(days=1) for session in (_session(now).digest, _target("session_revoke"))}
    keys = frozenset({_api_key(now).digest, _target("key_delete")})
    user = User(_USER_ID, "person@example.com", "Some Person", now, now, identities=frozenset({key}))
    return replace(user, sessions=held, api_keys=keys, passkeys=frozenset(_PASSKEYS))


def _session(now: datetime) -> Session:
    token = sample("session_show")["cookies"][0].partition("=")[2]
    device = Caller("203.0.113.7", "Firefox")
    ends, idle = now + timedelta(hours=24), timedelta(hours=1)
    return Session(secrets.digest(token), _USER_ID, "password", False, now, now, ends, idle, device)  # noqa: FBT003


def _passkeys(now: datetime) -> list[Passkey]:
    return [Passkey(each, _USER_ID, "Phone", "", 0, True, True, now, "password", "") for each in _PASSKEYS]  # noqa: FBT003


def _client_session(now: datetime) -> Session:
    """A client's session with the refresh token of the sample ``client_revoke``."""
    found_by, refresh = _form("client_revoke")["token"].split(".")
    session = replace(_session(now), digest=secrets.digest(found_by), remembered=True)
    return replace(session, client_id=COMFY_CLI, scope=SCOPE, refresh=secrets.digest(refresh))


def _code(now: datetime, later: datetime) -> OneTimeToken:
    """The authorization code of the sample ``client_token``."""
    asked, question = _form("client_token"), _body("client_authorize")
    names = ("client_id", "redirect_uri", "scope")
    data = {name: question[name] for name in names} | {"method": "password", "session": _session(now).digest}
    data["challenge"] = question["code_challenge"]
    return OneTimeToken(AUTHORIZATION_CODE, secrets.digest(asked["code"]), _USER_ID, now, later, data)


def _typed(now: datetime, later: datetime) -> OneTimeToken:
    """The user code of the sample ``device_consent``, which this account has looked up."""
    asked = {"client_id": COMFY_CLI, "scope": SCOPE, "device": secrets.digest("device"), "source": "", "user_agent": ""}
    digest = device_codes.typed(_body("device_consent")["user_code"]) or ""
    return OneTimeToken(USER_CODE, digest, _USER_ID, now, later, asked)


def _api_key(now: datetime) -> ApiKey:
    text = sample("account_show")["headers"]["x-api-key"]
    return ApiKey(secrets.digest(text), _USER_ID, "Workshop computer", "", text[:16], now, now)


def _target(function: str) -> str:
    """The id in the path of the sample."""
    return str(sample(function)["pathParameters"]["id"])


def _body(function: str) -> Mapping[str, str]:
    body: Mapping[str, str] = json.loads(sample(function)["body"])
    return body


def _form(function: str) -> Mapping[str, str]:
    """The fields of the sample's body, each once."""
    return {name: value for name, (value,) in parse_qs(sample(function)["body"]).items()}


def _scanner_keys(now: datetime) -> dict[str, Any]:
    """GitHub's list, as a function that fetched it keeps it."""
    later = (now + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.%f+0000")
    return {
        "client_id": {"S": scanner_keys.URL},
        "text": {"S": SCANNER_KEYS},
        "fresh_until": {"S": later},
        "expires_at": {"N": str(int((now + timedelta(days=1)).timestamp()))},
    }


def _item(table: Table[Any], change: Change) -> dict[str, Any]:
    """The item that the store writes for ``change``."""
    item: dict[str, Any] = table.writes[type(change)](change).arguments["Item"]
    return item
