"""Every route of the service, and what the endpoint enforces for it. Nothing else is served (ASVS 8.2.1)."""

from __future__ import annotations

from copy import replace

from msgspec import Struct

from accounts.flows.people.authentication import ACCESS_TOKEN, ADMIN_SECRET, API_KEY, SESSION, CredentialKind
from accounts.model.throttles import Bucket

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
NO_CREDENTIAL: frozenset[CredentialKind] = frozenset()
SESSION_ONLY: frozenset[CredentialKind] = frozenset({SESSION})
LOGGED_IN: frozenset[CredentialKind] = frozenset({SESSION, ACCESS_TOKEN})
ANY_CREDENTIAL: frozenset[CredentialKind] = frozenset({SESSION, ACCESS_TOKEN, API_KEY})
ADMIN_ONLY: frozenset[CredentialKind] = frozenset({ADMIN_SECRET})
# This service's own scope, as in ``model.resources``.
ACCOUNT = "account"


class Route(Struct, frozen=True):
    """One method on one path, and what the endpoint enforces before the handler runs.

    - ``function``: the folder of its handler.
    - ``credentials``: the kinds that it accepts; the endpoint refuses every other kind without a lookup. With
      ``optional``, a request without an accepted credential reaches the handler, too. With ``fresh``, the login must be
      at most FRESH_LOGIN ago. With ``enrolling``, also sessions that only set up a second factor.
    - ``limiters``: the buckets that count its requests, besides the gateway's throttle, which applies to all routes.
    - ``event``: the log event of a success.
    - ``cookies``: it reads or sets the session cookie, so an unsafe request must come from the service's own pages.
    - ``cors``: other origins may call it, with header credentials only.
    - ``page``: a refusal is an HTML page.
    - ``names_key``: its path has the id of an API key, which is read with the session.
    - ``scope``: what an API key needs if it is restricted to scopes.
    """

    method: str
    path: str
    function: str
    credentials: frozenset[CredentialKind]
    limiters: tuple[Bucket, ...]
    event: str
    cookies: bool = False
    cors: bool = False
    page: bool = False
    fresh: bool = False
    optional: bool = False
    enrolling: bool = False
    names_key: bool = False
    scope: str = ""

    @property
    def methods(self) -> tuple[str, ...]:
        """Every GET route answers HEAD, too: the same without the body (RFC 9110 9.3.2)."""
        return ("GET", "HEAD") if self.method == "GET" else (self.method,)

    @property
    def keys(self) -> tuple[str, ...]:
        """API Gateway's route keys."""
        return tuple(f"{method} {self.path}" for method in self.methods)

    @property
    def is_unsafe(self) -> bool:
        """Whether the method may change something (RFC 9110 9.2.1)."""
        return self.method not in SAFE_METHODS


GATEWAY: tuple[Bucket, ...] = ()
SIGNUP = Route("POST", "/auth/signup", "signup", NO_CREDENTIAL, ("mail", "proof"), "user_created", cookies=True)
EMAIL_VERIFY = Route(
    "POST",
    "/auth/email/verify",
    "email_verify",
    NO_CREDENTIAL,
    ("confirm", "streak"),
    "email_verified",
    cookies=True,
)
EMAIL_RESEND = Route(
    "POST",
    "/auth/email/resend",
    "email_resend",
    NO_CREDENTIAL,
    ("mail", "proof"),
    "email_resend_requested",
    cookies=True,
)
LOGIN = Route(
    "POST",
    "/auth/login",
    "login",
    NO_CREDENTIAL,
    ("streak", "password", "proof", "login-code", "login-code-of"),
    "authn_login_success",
    cookies=True,
)
LOGOUT = Route(
    "POST",
    "/auth/logout",
    "logout",
    SESSION_ONLY,
    GATEWAY,
    "session_revoked",
    cookies=True,
    optional=True,
    enrolling=True,
)
SESSION_SHOW = Route(
    "GET", "/auth/session", "session_show", SESSION_ONLY, GATEWAY, "session_shown", cookies=True, enrolling=True
)
SESSION_LIST = Route("GET", "/auth/sessions", "session_list", SESSION_ONLY, GATEWAY, "sessions_listed", cookies=True)
SESSION_REVOKE = Route(
    "DELETE", "/auth/sessions/{id}", "session_revoke", SESSION_ONLY, GATEWAY, "session_revoked", cookies=True
)
SESSION_REVOKE_ALL = Route(
    "POST",
    "/auth/sessions/revoke-all",
    "session_revoke_all",
    SESSION_ONLY,
    GATEWAY,
    "session_revoked_all",
    cookies=True,
)
ACTIVITY_LIST = Route("GET", "/auth/activity", "activity_list", SESSION_ONLY, GATEWAY, "activity_listed", cookies=True)
LOGIN_METHODS = Route("GET", "/auth/methods", "login_methods", NO_CREDENTIAL, GATEWAY, "methods_shown", cors=True)
OAUTH_START = Route(
    "GET", "/auth/{provider}/start", "oauth_start", NO_CREDENTIAL, ("oauth",), "authn_provider_start", page=True
)
OAUTH_LINK = Route(
    "POST",
    "/auth/{provider}/link",
    "oauth_start",
    SESSION_ONLY,
    ("link", "oauth"),
    "authn_identity_link_start",
    cookies=True,
    fresh=True,
)
OAUTH_CALLBACK = Route(
    "GET",
    "/auth/{provider}/callback",
    "oauth_callback",
    NO_CREDENTIAL,
    (),
    "authn_login_success",
    page=True,
)
IDENTITY_LIST = Route(
    "GET", "/auth/identities", "identity_list", SESSION_ONLY, GATEWAY, "identities_listed", cookies=True
)
IDENTITY_UNLINK = Route(
    "DELETE",
    "/auth/identities/{id}",
    "identity_unlink",
    SESSION_ONLY,
    GATEWAY,
    "authn_identity_unlinked",
    cookies=True,
    fresh=True,
)
IDENTITY_CONFIRM = Route(
    "POST",
    "/auth/identities/confirm",
    "identity_confirm",
    NO_CREDENTIAL,
    ("confirm",),
    "email_verified",
    cookies=True,
)
PASSKEY_LIST = Route(
    "GET", "/auth/passkeys", "passkey_list", SESSION_ONLY, GATEWAY, "authn_passkeys_listed", cookies=True
)
PASSKEY_INVITE = Route(
    "POST",
    "/auth/passkeys/options",
    "passkey_create",
    SESSION_ONLY,
    ("passkey-challenge",),
    "authn_passkey_challenge",
    cookies=True,
    fresh=True,
)
PASSKEY_CREATE = Route(
    "POST",
    "/auth/passkeys",
    "passkey_create",
    SESSION_ONLY,
    ("passkey-created",),
    "authn_passkey_created",
    cookies=True,
    fresh=True,
)
PASSKEY_RENAME = Route(
    "PATCH", "/auth/passkeys/{id}", "passkey_rename", SESSION_ONLY, GATEWAY, "authn_passkey_renamed", cookies=True
)
PASSKEY_REMOVE = Route(
    "DELETE",
    "/auth/passkeys/{id}",
    "passkey_remove",
    SESSION_ONLY,
    GATEWAY,
    "authn_passkey_removed",
    cookies=True,
    fresh=True,
)
PASSKEY_LOGIN_INVITE = Route(
    "POST",
    "/auth/login/passkey/options",
    "passkey_login",
    NO_CREDENTIAL,
    ("passkey-challenge",),
    "authn_passkey_challenge",
    cookies=True,
)
PASSKEY_LOGIN = Route(
    "POST", "/auth/login/passkey", "passkey_login", NO_CREDENTIAL, ("passkey",), "authn_login_success", cookies=True
)
PASSKEY_REMIND = Route(
    "POST",
    "/auth/reauthenticate/passkey/options",
    "passkey_reauthenticate",
    SESSION_ONLY,
    ("passkey-challenge",),
    "authn_passkey_challenge",
    cookies=True,
)
PASSKEY_REAUTHENTICATE = Route(
    "POST",
    "/auth/reauthenticate/passkey",
    "passkey_reauthenticate",
    SESSION_ONLY,
    ("passkey",),
    "authn_reauthenticated",
    cookies=True,
)
FACTOR_LOGIN = Route(
    "POST",
    "/auth/login/second-factor",
    "factor_login",
    NO_CREDENTIAL,
    ("streak", "second-step", "login-code-try"),
    "authn_login_success",
    cookies=True,
)
EMAIL_CODE_SEND = Route(
    "POST",
    "/auth/login/email-code",
    "factor_login",
    NO_CREDENTIAL,
    ("login-code", "login-code-of"),
    "authn_email_code_sent",
    cookies=True,
)
FACTOR_SHOW = Route(
    "GET",
    "/auth/second-factor",
    "factor_show",
    SESSION_ONLY,
    GATEWAY,
    "authn_second_factor_shown",
    cookies=True,
    enrolling=True,
)
FACTOR_START = Route(
    "POST",
    "/auth/second-factor/setup",
    "factor_set_up",
    SESSION_ONLY,
    ("second-factor-change",),
    "authn_second_factor_setup",
    cookies=True,
    fresh=True,
    enrolling=True,
)
FACTOR_CONFIRM = Route(
    "POST",
    "/auth/second-factor",
    "factor_set_up",
    SESSION_ONLY,
    ("second-factor-change",),
    "authn_second_factor_on",
    cookies=True,
    fresh=True,
    enrolling=True,
)
FACTOR_TURN_OFF = Route(
    "POST",
    "/auth/second-factor/off",
    "factor_change",
    SESSION_ONLY,
    ("second-factor-change", "streak"),
    "authn_second_factor_off",
    cookies=True,
    fresh=True,
)
RECOVERY_CODES_REPLACE = Route(
    "POST",
    "/auth/second-factor/recovery-codes",
    "factor_change",
    SESSION_ONLY,
    ("second-factor-change", "streak"),
    "authn_recovery_codes_replaced",
    cookies=True,
    fresh=True,
)
TRUST_REVOKE = Route(
    "DELETE",
    "/auth/second-factor/browsers/{id}",
    "factor_change",
    SESSION_ONLY,
    GATEWAY,
    "authn_browser_trust_ended",
    cookies=True,
)
FACTOR_RESET_CANCEL = Route(
    "DELETE",
    "/auth/second-factor/reset",
    "factor_change",
    SESSION_ONLY,
    GATEWAY,
    "authn_second_factor_reset_cancelled",
    cookies=True,
    fresh=True,
)
PASSWORD_REMOVE = Route(
    "DELETE",
    "/auth/password",
    "password_remove",
    SESSION_ONLY,
    GATEWAY,
    "authn_password_removed",
    cookies=True,
    fresh=True,
)
PASSWORD_SET = Route(
    "POST", "/auth/password", "password_set", SESSION_ONLY, GATEWAY, "authn_password_change", cookies=True, fresh=True
)
PASSWORD_FORGOT = Route(
    "POST",
    "/auth/password/forgot",
    "password_forgot",
    NO_CREDENTIAL,
    ("mail", "proof"),
    "authn_password_reset_requested",
    cookies=True,
)
PASSWORD_RESET = Route(
    "POST",
    "/auth/password/reset",
    "password_reset",
    NO_CREDENTIAL,
    ("confirm",),
    "authn_password_change",
    cookies=True,
)
PASSWORD_CHANGE = Route(
    "POST",
    "/auth/password/change",
    "password_change",
    SESSION_ONLY,
    ("streak", "password-change"),
    "authn_password_change",
    cookies=True,
    fresh=True,
)
REAUTHENTICATE = Route(
    "POST",
    "/auth/reauthenticate",
    "reauthenticate",
    SESSION_ONLY,
    ("streak",),
    "authn_reauthenticated",
    cookies=True,
)
OAUTH_REAUTHENTICATE = Route(
    "POST",
    "/auth/{provider}/reauthenticate",
    "oauth_start",
    SESSION_ONLY,
    ("oauth",),
    "authn_provider_start",
    cookies=True,
)
EMAIL_CHANGE = Route(
    "POST",
    "/auth/email/change",
    "email_change",
    SESSION_ONLY,
    ("email-change",),
    "user_email_change_requested",
    cookies=True,
    fresh=True,
)
EMAIL_CHANGE_CANCEL = Route(
    "DELETE",
    "/auth/email/change",
    "email_change",
    SESSION_ONLY,
    GATEWAY,
    "user_email_change_cancelled",
    cookies=True,
)
EMAIL_CHANGE_CONFIRM = Route(
    "POST",
    "/auth/email/change/confirm",
    "email_change_confirm",
    SESSION_ONLY,
    ("confirm",),
    "user_email_changed",
    cookies=True,
)
ACCOUNT_OPEN = Route(
    "POST",
    "/customers",
    "account_open",
    ANY_CREDENTIAL,
    ("bad-key",),
    "user_shown",
    cookies=True,
    cors=True,
    scope=ACCOUNT,
)
ACCOUNT_SHOW = Route(
    "GET",
    "/customers/me",
    "account_show",
    ANY_CREDENTIAL,
    ("bad-key",),
    "user_shown",
    cookies=True,
    cors=True,
    scope=ACCOUNT,
)
ACCOUNT_EXPORT = Route(
    "GET",
    "/customers/me/export",
    "account_export",
    SESSION_ONLY,
    GATEWAY,
    "user_exported",
    cookies=True,
    cors=True,
    fresh=True,
)
ACCOUNT_UPDATE = Route(
    "PATCH", "/customers/me", "account_update", SESSION_ONLY, ("rename",), "user_updated", cookies=True, cors=True
)
ACCOUNT_DELETE = Route(
    "DELETE",
    "/customers/me",
    "account_delete",
    SESSION_ONLY,
    GATEWAY,
    "user_deleted",
    cookies=True,
    cors=True,
    fresh=True,
)
KEY_LIST = Route(
    "GET", "/customers/api-keys", "key_list", LOGGED_IN, GATEWAY, "authn_tokens_listed", cookies=True, cors=True
)
KEY_CREATE = Route(
    "POST",
    "/customers/api-keys",
    "key_create",
    SESSION_ONLY,
    ("key-created",),
    "authn_token_created",
    cookies=True,
    cors=True,
    fresh=True,
)
KEY_UPDATE = Route(
    "PATCH",
    "/customers/api-keys/{id}",
    "key_update",
    SESSION_ONLY,
    ("key-changed",),
    "authn_token_updated",
    cookies=True,
    cors=True,
    names_key=True,
)
KEY_ROTATE = Route(
    "POST",
    "/customers/api-keys/{id}/rotate",
    "key_rotate",
    SESSION_ONLY,
    ("key-created",),
    "authn_token_rotated",
    cookies=True,
    cors=True,
    fresh=True,
    names_key=True,
)
KEY_END_OLD = Route(
    "DELETE",
    "/customers/api-keys/{id}/old-secret",
    "key_rotate",
    SESSION_ONLY,
    GATEWAY,
    "authn_token_ended",
    cookies=True,
    cors=True,
)
KEY_DELETE = Route(
    "DELETE",
    "/customers/api-keys/{id}",
    "key_delete",
    LOGGED_IN,
    GATEWAY,
    "authn_token_revoked",
    cookies=True,
    cors=True,
    names_key=True,
)
KEY_VERIFY = Route("POST", "/admin/verify-api-key", "key_verify", ADMIN_ONLY, ("admin",), "authn_token_verified")
# GitHub's secret scanning: a program without a credential here, whose signature the flow checks.
KEY_REPORT = Route(
    "POST", "/reports/leaked-keys", "key_report", NO_CREDENTIAL, ("leak-report", "scanner-keys"), "authn_leaks_reported"
)
WORKSPACE_LIST = Route(
    "GET",
    "/api/workspaces",
    "workspace_show",
    ANY_CREDENTIAL,
    ("bad-key",),
    "user_shown",
    cookies=True,
    cors=True,
    scope=ACCOUNT,
)
WORKSPACE_CURRENT = replace(WORKSPACE_LIST, path="/api/workspaces/current")
WORKSPACE_MEMBERS = replace(WORKSPACE_LIST, path="/api/workspace/members")
CLIENT_QUESTION = Route(
    "GET",
    "/oauth/authorize/request",
    "client_authorize",
    SESSION_ONLY,
    ("consent", "client-document"),
    "authn_client_asks",
    cookies=True,
    optional=True,
)
CLIENT_AUTHORIZE = Route(
    "POST",
    "/oauth/authorize",
    "client_authorize",
    SESSION_ONLY,
    ("consent-given", "client-document"),
    "authn_client_answered",
    cookies=True,
)
CLIENT_TOKEN = Route(
    "POST",
    "/oauth/token",
    "client_token",
    NO_CREDENTIAL,
    ("bad-grant", "refresh", "signature", "device-poll", "client-document"),
    "authn_token_issued",
    cors=True,
)
CLIENT_REVOKE = Route("POST", "/oauth/revoke", "client_revoke", NO_CREDENTIAL, GATEWAY, "session_revoked", cors=True)
# No CORS: a malicious page could otherwise request codes from its visitor's address, which the consent page shows.
DEVICE_AUTHORIZE = Route(
    "POST", "/oauth/device_authorization", "device_authorize", NO_CREDENTIAL, ("device",), "authn_device_asks"
)
DEVICE_QUESTION = Route(
    "POST",
    "/oauth/device/request",
    "device_consent",
    SESSION_ONLY,
    ("user-code", "client-document"),
    "authn_client_asks",
    cookies=True,
)
DEVICE_ANSWER = Route(
    "POST",
    "/oauth/device",
    "device_consent",
    SESSION_ONLY,
    ("user-code", "client-document"),
    "authn_client_answered",
    cookies=True,
)
CLIENT_METADATA = Route(
    "GET",
    "/.well-known/oauth-authorization-server",
    "client_metadata",
    NO_CREDENTIAL,
    GATEWAY,
    "oauth_metadata_shown",
    cors=True,
)
SIGNING_KEYS = Route(
    "GET", "/.well-known/jwks.json", "client_metadata", NO_CREDENTIAL, GATEWAY, "signing_keys_shown", cors=True
)
RESOURCE_METADATA = Route(
    "GET",
    "/.well-known/oauth-protected-resource",
    "client_metadata",
    NO_CREDENTIAL,
    GATEWAY,
    "resource_metadata_shown",
    cors=True,
)
HOME = Route("GET", "/", "pages", NO_CREDENTIAL, GATEWAY, "page_shown")
LOGIN_PAGE = Route("GET", "/login", "pages", NO_CREDENTIAL, GATEWAY, "page_shown")
SIGNUP_PAGE = Route("GET", "/signup", "pages", NO_CREDENTIAL, GATEWAY, "page_shown")
VERIFY_PAGE = Route("GET", "/verify-email", "pages", NO_CREDENTIAL, GATEWAY, "page_shown")
FORGOT_PAGE = Route("GET", "/forgot-password", "pages", NO_CREDENTIAL, GATEWAY, "page_shown")
RESET_PAGE = Route("GET", "/reset-password", "pages", NO_CREDENTIAL, GATEWAY, "page_shown")
KEYS_PAGE = Route("GET", "/api-keys", "pages", NO_CREDENTIAL, GATEWAY, "page_shown")
ACCOUNT_PAGE = Route("GET", "/account", "pages", NO_CREDENTIAL, GATEWAY, "page_shown")
CONSENT_PAGE = Route("GET", "/oauth/authorize", "pages", NO_CREDENTIAL, GATEWAY, "page_shown")
SECOND_STEP_PAGE = Route("GET", "/second-step", "pages", NO_CREDENTIAL, GATEWAY, "page_shown")
DEVICE_PAGE = Route("GET", "/device", "pages", NO_CREDENTIAL, GATEWAY, "page_shown")
FAVICON = Route("GET", "/favicon.ico", "pages", NO_CREDENTIAL, GATEWAY, "page_shown")
ROBOTS = Route("GET", "/robots.txt", "pages", NO_CREDENTIAL, GATEWAY, "page_shown")
CHANGE_PASSWORD = Route("GET", "/.well-known/change-password", "pages", NO_CREDENTIAL, GATEWAY, "page_shown", cors=True)
SECURITY_CONTACT = Route("GET", "/.well-known/security.txt", "pages", NO_CREDENTIAL, GATEWAY, "page_shown", cors=True)
OPENAPI = Route("GET", "/openapi.json", "pages", NO_CREDENTIAL, GATEWAY, "page_shown", cors=True)
ASSET = Route("GET", "/assets/{version}/{name}", "pages", NO_CREDENTIAL, GATEWAY, "page_shown")
PAGES = (
    HOME,
    LOGIN_PAGE,
    SECOND_STEP_PAGE,
    SIGNUP_PAGE,
    VERIFY_PAGE,
    FORGOT_PAGE,
    RESET_PAGE,
    KEYS_PAGE,
    ACCOUNT_PAGE,
    CONSENT_PAGE,
    DEVICE_PAGE,
    FAVICON,
    ROBOTS,
    CHANGE_PASSWORD,
    SECURITY_CONTACT,
    OPENAPI,
    ASSET,
)
# Requests without a route: 404, 405 and CORS preflights.
FALLBACK = Route("ANY", "$default", "fallback", NO_CREDENTIAL, GATEWAY, "not_found")
# Not served here: the authorizer's rules for routes of other APIs.
AUTHORIZE = Route(
    "ANY", "another API's", "authorizer", ANY_CREDENTIAL, ("bad-key",), "authz_granted", cookies=True, cors=True
)

ROUTES: tuple[Route, ...] = (
    SIGNUP,
    EMAIL_VERIFY,
    EMAIL_RESEND,
    LOGIN,
    LOGOUT,
    SESSION_SHOW,
    SESSION_LIST,
    SESSION_REVOKE,
    SESSION_REVOKE_ALL,
    ACTIVITY_LIST,
    LOGIN_METHODS,
    OAUTH_START,
    OAUTH_LINK,
    OAUTH_CALLBACK,
    IDENTITY_LIST,
    IDENTITY_UNLINK,
    IDENTITY_CONFIRM,
    PASSKEY_LIST,
    PASSKEY_INVITE,
    PASSKEY_CREATE,
    PASSKEY_RENAME,
    PASSKEY_REMOVE,
    PASSKEY_LOGIN_INVITE,
    PASSKEY_LOGIN,
    PASSKEY_REMIND,
    PASSKEY_REAUTHENTICATE,
    FACTOR_LOGIN,
    EMAIL_CODE_SEND,
    FACTOR_SHOW,
    FACTOR_START,
    FACTOR_CONFIRM,
    FACTOR_TURN_OFF,
    RECOVERY_CODES_REPLACE,
    TRUST_REVOKE,
    FACTOR_RESET_CANCEL,
    PASSWORD_REMOVE,
    PASSWORD_SET,
    PASSWORD_FORGOT,
    PASSWORD_RESET,
    PASSWORD_CHANGE,
    REAUTHENTICATE,
    OAUTH_REAUTHENTICATE,
    EMAIL_CHANGE,
    EMAIL_CHANGE_CANCEL,
    EMAIL_CHANGE_CONFIRM,
    ACCOUNT_OPEN,
    ACCOUNT_SHOW,
    ACCOUNT_EXPORT,
    ACCOUNT_UPDATE,
    ACCOUNT_DELETE,
    KEY_LIST,
    KEY_CREATE,
    KEY_UPDATE,
    KEY_ROTATE,
    KEY_END_OLD,
    KEY_DELETE,
    KEY_VERIFY,
    KEY_REPORT,
    WORKSPACE_LIST,
    WORKSPACE_CURRENT,
    WORKSPACE_MEMBERS,
    CLIENT_QUESTION,
    CLIENT_AUTHORIZE,
    CLIENT_TOKEN,
    CLIENT_REVOKE,
    DEVICE_AUTHORIZE,
    DEVICE_QUESTION,
    DEVICE_ANSWER,
    CLIENT_METADATA,
    SIGNING_KEYS,
    RESOURCE_METADATA,
    *PAGES,
    FALLBACK,
)


def named(key: str, among: tuple[Route, ...]) -> Route:
    """The route with API Gateway's route key ``key``, such as ``GET /auth/session``; the first if none matches."""
    return next((route for route in among if key in route.keys), among[0])


def at(path: str) -> tuple[Route, ...]:
    """The routes of all methods at ``path``: those of exactly this path, or those whose parameters match it."""
    exact = tuple(route for route in ROUTES if route.path == path)
    return exact or tuple(route for route in ROUTES if _matches(route.path, path))


def _matches(pattern: str, path: str) -> bool:
    expected, given = pattern.split("/"), path.split("/")
    return len(expected) == len(given) and all(
        it == part or (it.startswith("{") and part != "") for it, part in zip(expected, given, strict=True)
    )
