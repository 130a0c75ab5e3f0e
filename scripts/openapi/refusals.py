"""The errors that a route can answer, and when.

Those of its use case are listed with its operation; the others follow from its route, as the endpoint enforces it.
"""

from collections.abc import Iterator, Mapping

from accounts import errors
from accounts.errors import AccountsError
from accounts.flows.people.authentication import ACCESS_TOKEN, ADMIN_SECRET, API_KEY, SESSION
from accounts.web import oauth_server, responses
from accounts.web.responses import Response
from scripts.openapi.operation import Operation

# When each code is answered. Subclasses that share a code have one sentence.
WHEN: Mapping[type[AccountsError], str] = {
    errors.InvalidInput: "a field is missing, unknown, too long, of the wrong type or not well-formed",
    errors.MalformedRequest: "the body is not one JSON object, or a field or parameter is repeated",
    errors.WeakPassword: "the new password is too short or too common",
    errors.PasswordRequired: "a sign-up is confirmed without its password in a browser that did not start it",
    errors.InvalidLink: (
        "the emailed token is unknown, used, expired, replaced by a newer one, or opened in the wrong browser"
    ),
    errors.InvalidUserCode: "the device's code is unknown, used or expired, or another account entered it first",
    errors.UnknownClient: (
        "the program is not configured in this deployment, and its id is not a URL whose document the deployment reads"
    ),
    errors.ClientDocumentRefused: (
        "the document that describes the program cannot be fetched or used; the message says why, see "
        "[integrating.md](integrating.md#a-client-that-is-not-configured)"
    ),
    errors.RedirectNotAllowed: "the redirect URI is not registered for the program",
    errors.ClientRefused: (
        "a client's request has a missing, repeated or invalid parameter (RFC 6749, like the codes below)"
    ),
    errors.InvalidClient: "the client does not exist, or the form has a client secret",
    errors.ClientAuthentication: (
        "the client sent a secret as Basic in `Authorization`, names another client there than in the form, or "
        "uses another scheme; a bearer token is ignored"
    ),
    errors.InvalidGrant: "the code or refresh token is unknown, used, expired or revoked, or belongs to another client",
    errors.UnsupportedGrantType: "the grant type is not in the metadata",
    errors.UnsupportedResponseType: "the response type is not `code`",
    errors.InvalidScope: "the scope is malformed, does not exist for the resource, or exceeds what was granted",
    errors.InvalidTarget: "no token for this resource is issued here, or the grant is for another one (RFC 8707)",
    errors.AccessDenied: "the owner denied the request",
    errors.LoginRequired: "the client sent `prompt=none`, and the owner has to log in; sent to the redirect URI",
    errors.ConsentRequired: "the client sent `prompt=none`, and the owner has to allow it; sent to the redirect URI",
    errors.LoginNotStrongEnough: (
        "none of the client's `acr_values` exists, the account has no second factor and no passkey, or with "
        "`prompt=none` the login is weaker; sent to the redirect URI (RFC 9470)"
    ),
    errors.AuthorizationPending: "the owner has not decided on `/device` yet; try again after the interval",
    errors.SlowDown: "as `authorization_pending`, but the device polls too often",
    errors.PasskeyNotAccepted: (
        "the new passkey is malformed or exists already, or its challenge is used or more than five minutes old"
    ),
    errors.ExpiredToken: "the device code is older than ten minutes; request a new one",
    errors.ProviderLoginFailed: "a login with a provider failed",
    errors.LoginDeclined: "the owner or the provider canceled the login",
    errors.LoginExpired: "the login took more than ten minutes, or its response was already used",
    errors.CookiesBlocked: "the login returned in another browser than it started in, or the browser blocks cookies",
    errors.ProviderNotTrusted: "the provider's response failed a check",
    errors.Unauthenticated: (
        "there is no valid credential; for a bearer token, `WWW-Authenticate` also says `invalid_token`, and on "
        "routes that accept access tokens `resource_metadata`, where a client finds out how to get one"
    ),
    errors.ApiKeyMistyped: (
        "the value is in `X-API-KEY` or begins like an API key, but is not well-formed; copy the whole key"
    ),
    errors.ApiKeyExpired: "the key's expiry date has passed",
    errors.ApiKeyReplaced: "the key was rotated, and the time of this old secret has passed",
    errors.ApiKeyUnknown: "the key was deleted, or does not exist in this deployment",
    errors.InvalidCredentials: "the login failed; the response is the same for every reason",
    errors.InvalidSecondFactor: "the code is wrong, too old or was used before",
    errors.InvalidEmailCode: "the emailed code is wrong, or was replaced by a newer one",
    errors.SecondFactorRequired: (
        "the first factor was right, and the account has a second one: `factors` names them, and the cookie holds the "
        "login for five minutes"
    ),
    errors.EmailCodeRequired: (
        "the password was right, but the account does not know the browser (`ConfirmNewBrowsers`): a code was emailed "
        "to `email`, and the cookie holds the login for ten minutes"
    ),
    errors.EmailCodeUndeliverable: (
        "the login needs an emailed code, but emails to its address bounced or were reported as spam"
    ),
    errors.PendingLoginExpired: (
        "the login is more than five minutes old (ten, for an emailed code), had five wrong emailed codes, is "
        "finished, or was ended by a change; log in again"
    ),
    errors.SetupExpired: "the setup is used, more than ten minutes old, or another session's",
    errors.WrongSecondFactor: "the code is wrong, too old or was used before",
    errors.SecondFactorOn: "the second factor is on already",
    errors.SecondFactorOff: "the account has no second factor",
    errors.InvalidPasskey: "the login with a passkey failed; the response is the same for every reason",
    errors.InvalidAdminSecret: "the admin secret is missing or wrong",
    errors.InvalidSignature: "the report is not signed by a current key of GitHub's secret scanning",
    errors.Forbidden: "the caller may not do this",
    errors.ApiKeyWrongNetwork: (
        "the key came from a network that its owner does not allow, or the service that verifies it did not send "
        "`source`"
    ),
    errors.ApiKeyInsufficientScope: (
        "the key is restricted to scopes that do not include this, or the service that verifies it did not send "
        "`scopes`"
    ),
    errors.CredentialNotAccepted: (
        "an API key or access token was sent to a route that does not accept it; the message says which login is needed"
    ),
    errors.CrossSiteRequest: "a route that uses the cookie was called from outside the site's own pages",
    errors.ReauthenticationRequired: "the login is more than 15 minutes old; log in again",
    errors.StepUpRequired: "a program asked for a newer or stronger login (`max_age`, `acr_values`); log in again",
    errors.SecondFactorSetupRequired: "the deployment requires two-step login, and the session only sets it up",
    errors.SecondFactorNotOffered: "the deployment does not offer two-step login",
    errors.EmailNotVerified: "the provider has not verified the address; the service sent a confirmation email to it",
    errors.EmailMissing: "the provider gave no address",
    errors.OriginNotAllowed: "this origin may not start a login; use an API key",
    errors.NotFound: "the resource does not exist, or belongs to another account",
    errors.ProviderOff: "this deployment has not set up that provider",
    errors.MethodNotAllowed: "the route has other methods; the `Allow` header lists them",
    errors.NotPossibleNow: "the current state does not allow the request",
    errors.KeyLimitReached: "the account has 25 keys, or 27 secrets of keys",
    errors.KeyNotRotatable: (
        "the key has expired, its old secret still works, or the account has 27 secrets of keys; the message says which"
    ),
    errors.IdentityLinkedElsewhere: "the identity belongs to another account",
    errors.AddressConfirmed: (
        "the address of the sign-up was already confirmed, with another link or a provider; log in"
    ),
    errors.AddressReused: (
        "the account with that address has another identity of the same provider, unlinked this one, or has a second "
        "factor"
    ),
    errors.IdentityLimitReached: "the account has ten identities",
    errors.LastIdentity: (
        "unlinking or removing would leave no login method, or only a password or passkeys that were added after a "
        "login with this method and not confirmed since"
    ),
    errors.LoginMethodsMissing: "the password cannot be removed without two other login methods",
    errors.PasskeyLimitReached: "the account has ten passkeys",
    errors.IdentityNotLinked: "the provider returned an identity that is not linked to this account",
    errors.PasswordExists: "the account already has a password",
    errors.PasswordMissing: "the account has no password to check or change",
    errors.AccountChanged: "the page showed a different account from the one that is now logged in",
    errors.ClientChanged: ("the document that describes the program is not the one that the page showed; ask again"),
    errors.BodyTooLarge: "the body is larger than 16 KiB, or a report of leaked keys than 512 KiB",
    errors.UnsupportedMediaType: "the body's type is not `application/json`",
    errors.TooManyAttempts: "a rate limit was reached; wait as long as `Retry-After` says",
    errors.ProofRequired: (
        "many requests came from this network; send the request again with a [proof of work](#proof-of-work), or "
        "wait as long as `Retry-After` says"
    ),
    errors.AccountsError: "the service failed; please report the request id",
    errors.Unavailable: "the service is unavailable; try again after the time in `Retry-After`",
    errors.MailUnavailable: "the email could not be queued; try again",
    errors.ProviderUnavailable: "Google or GitHub does not respond",
}
# API Gateway refuses some requests itself, in its own format.
BY_GATEWAY = frozenset({413, 429, 503})
_OAUTH = frozenset({"client_token", "client_revoke", "device_authorize"})


def of(operation: Operation) -> list[type[AccountsError]]:
    """Every error of the operation, each once, in the order of the reference."""
    found = {*_of_every_route(operation), *_of_credentials(operation), *_of_the_request(operation), *operation.errors}
    return [kind for kind in WHEN if kind in found]


def response(operation: Operation, kind: type[AccountsError]) -> Response:
    """What the route answers to the error, as its handler presents it."""
    refused = oauth_server.refused if is_oauth(operation) else responses.refused
    return refused(example(kind))


def is_oauth(operation: Operation) -> bool:
    """Whether errors are in the form of RFC 6749."""
    return operation.route.function in _OAUTH


def example(kind: type[AccountsError]) -> AccountsError:
    if issubclass(kind, errors.ProofRequired):
        return kind(30, CHALLENGE)
    if issubclass(kind, errors.MethodNotAllowed):
        return kind(("GET", "HEAD"))
    if issubclass(kind, errors.EmailCodeRequired):
        return kind("the pending login", "a•••@example.com")
    if issubclass(kind, errors.SecondFactorRequired):
        return kind("the pending login", ("totp", "recovery_code"))
    return kind(30) if issubclass(kind, errors.TooManyAttempts) else kind()


CHALLENGE = {
    "parameters": {
        "algorithm": "PBKDF2/SHA-256",
        "nonce": "5d2c9c2a0e0e4a5ca1b0a35b8d7f6e21",
        "salt": "0b7d5c1f4a6e8892",
        "cost": 1000,
        "keyLength": 32,
        "keyPrefix": "00",
    },
    "signature": "3f9d...",
}


def _of_every_route(operation: Operation) -> Iterator[type[AccountsError]]:
    yield errors.AccountsError
    yield errors.Unavailable
    yield errors.Forbidden
    route = operation.route
    if "{provider}" in route.path:
        yield errors.ProviderOff
    elif "{id}" in route.path:
        yield errors.NotFound
    if route.limiters:
        yield errors.TooManyAttempts
    if "proof" in route.limiters:
        yield errors.ProofRequired


def _of_credentials(operation: Operation) -> Iterator[type[AccountsError]]:
    route = operation.route
    if ADMIN_SECRET in route.credentials:
        yield errors.InvalidAdminSecret
        return
    if route.cookies:
        yield errors.MalformedRequest
    if route.cookies and route.is_unsafe:
        yield errors.CrossSiteRequest
    if route.credentials and not route.optional:
        yield errors.Unauthenticated
        if API_KEY not in route.credentials or ACCESS_TOKEN not in route.credentials:
            yield errors.CredentialNotAccepted
    if API_KEY in route.credentials:
        yield errors.ApiKeyMistyped
        yield errors.ApiKeyUnknown
        yield errors.ApiKeyExpired
        yield errors.ApiKeyReplaced
        yield errors.ApiKeyWrongNetwork
        yield errors.ApiKeyInsufficientScope
    if SESSION in route.credentials and not route.enrolling:
        yield errors.SecondFactorSetupRequired
    if route.fresh:
        yield errors.ReauthenticationRequired


def _of_the_request(operation: Operation) -> Iterator[type[AccountsError]]:
    if operation.query or operation.body:
        yield errors.MalformedRequest
    if operation.body or operation.form:
        yield errors.BodyTooLarge
    if operation.body:
        yield errors.InvalidInput
        yield errors.UnsupportedMediaType
    if operation.form:
        yield errors.ClientRefused
