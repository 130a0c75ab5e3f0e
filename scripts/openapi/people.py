"""The routes with which people sign up, log in and manage their account."""

from accounts import errors
from accounts.web import (
    exports,
    factor_schemas,
    identity_presenters,
    login_methods,
    login_schemas,
    passkey_presenters,
    passkey_schemas,
    passkeys,
    presenters,
    provider_login,
    routes,
    schemas,
    second_factors,
)
from scripts.openapi.examples import ASSERTION, REGISTRATION
from scripts.openapi.operation import Operation, Parameter, accepted, done, ok, redirect

_LOGIN, _SESSIONS, _IDENTITIES, _PASSWORD, _ACCOUNT = "Login", "Sessions", "Identities", "Password and email", "Account"
_PASSKEYS, _SECOND_FACTOR = "Passkeys", "Second factor"
_COOKIE, _CLEARED = "Set-Cookie", "Clear-Site-Data"
_RETURN_TO = Parameter(
    "return_to",
    "Where the browser goes after the login: a path of the site, or an origin of the allowlist.",
    example="/account",
)
_LOGGED_IN = "Logged in. The cookies identify the session and the browser."
_EMAIL_IF_POSSIBLE = "The response does not depend on whether an email was sent."

LOGIN = (
    Operation(
        route=routes.SIGNUP,
        tag=_LOGIN,
        summary="Starts a sign-up and emails a link; sets the cookies that identify the browser and its sign-up",
        body=schemas.Signup,
        answers=(accepted(_EMAIL_IF_POSSIBLE, _COOKIE),),
        errors=(errors.WeakPassword, errors.MailUnavailable),
    ),
    Operation(
        route=routes.EMAIL_VERIFY,
        tag=_LOGIN,
        summary="Creates the account and logs in",
        credential="emailed token",
        body=schemas.EmailVerify,
        answers=(ok(presenters.Customer, _LOGGED_IN, _COOKIE),),
        errors=(errors.InvalidLink, errors.PasswordRequired, errors.InvalidCredentials, errors.AddressConfirmed),
    ),
    Operation(
        route=routes.EMAIL_RESEND,
        tag=_LOGIN,
        summary="Emails the link of this browser's sign-up again",
        body=schemas.EmailResend,
        answers=(accepted(_EMAIL_IF_POSSIBLE),),
        errors=(errors.MailUnavailable,),
    ),
    Operation(
        route=routes.LOGIN,
        tag=_LOGIN,
        summary="Logs in with email and password: sets the session cookie",
        body=login_schemas.Login,
        answers=(ok(presenters.Customer, _LOGGED_IN, _COOKIE),),
        errors=(
            errors.InvalidCredentials,
            errors.SecondFactorRequired,
            errors.EmailCodeRequired,
            errors.EmailCodeUndeliverable,
            errors.MailUnavailable,
        ),
    ),
    Operation(
        route=routes.LOGIN_METHODS,
        tag=_LOGIN,
        summary="Returns the login methods that an origin may offer",
        query=(Parameter("origin", "The origin that asks; this site without it.", example="http://127.0.0.1:8188"),),
        answers=(ok(login_methods.LoginMethods, "The login methods."),),
    ),
    Operation(
        route=routes.OAUTH_START,
        tag=_LOGIN,
        summary="Sends the browser to Google or GitHub to log in",
        query=(_RETURN_TO,),
        answers=(redirect("To the provider.", _COOKIE),),
        errors=(errors.OriginNotAllowed, errors.ProviderUnavailable),
    ),
    Operation(
        route=routes.OAUTH_CALLBACK,
        tag=_LOGIN,
        summary="Completes a login with Google or GitHub",
        description="The provider redirects the browser here. A refusal is a page.",
        query=(
            Parameter("state", "The login's state."),
            Parameter("code", "The provider's code."),
            Parameter("error", "The provider's error."),
            Parameter("iss", "The provider."),
        ),
        answers=(redirect("To where the login started.", _COOKIE),),
        errors=(
            errors.InvalidInput,
            errors.Unauthenticated,
            errors.InvalidCredentials,
            errors.ReauthenticationRequired,
            errors.LoginDeclined,
            errors.LoginExpired,
            errors.CookiesBlocked,
            errors.ProviderNotTrusted,
            errors.ProviderUnavailable,
            errors.EmailMissing,
            errors.EmailNotVerified,
            errors.AddressReused,
            errors.IdentityLinkedElsewhere,
            errors.IdentityLimitReached,
            errors.IdentityNotLinked,
            errors.MailUnavailable,
        ),
    ),
)

SESSIONS = (
    Operation(
        route=routes.SESSION_SHOW,
        tag=_SESSIONS,
        summary="Returns who is logged in, how and since when; `mail_problem` is `bounce`, `complaint` or null",
        answers=(ok(presenters.CurrentSession, "The session of the cookie."),),
    ),
    Operation(
        route=routes.SESSION_LIST,
        tag=_SESSIONS,
        summary="Lists the account's sessions",
        answers=(ok(presenters.Sessions, "The sessions of browsers and programs."),),
    ),
    Operation(
        route=routes.SESSION_REVOKE,
        tag=_SESSIONS,
        summary="Ends a session, or several whose ids are separated by commas",
        answers=(done("The session has ended."),),
    ),
    Operation(
        route=routes.SESSION_REVOKE_ALL,
        tag=_SESSIONS,
        summary="Ends all sessions, this one, too",
        answers=(done("All sessions have ended.", _COOKIE, _CLEARED),),
    ),
    Operation(
        route=routes.LOGOUT,
        tag=_SESSIONS,
        summary="Ends this session and has the browser clear the site's storage, unless `keep` is `storage`",
        query=(Parameter("keep", "`storage`: the page clears its storage itself.", example="storage"),),
        answers=(done("Logged out, also without a session.", _COOKIE, _CLEARED),),
    ),
    Operation(
        route=routes.REAUTHENTICATE,
        tag=_SESSIONS,
        summary="Makes the session fresh again, with the password",
        body=login_schemas.Reauthenticate,
        answers=(done("The session is fresh.", _COOKIE),),
        errors=(errors.InvalidCredentials, errors.SecondFactorRequired, errors.PasswordMissing),
    ),
    Operation(
        route=routes.OAUTH_REAUTHENTICATE,
        tag=_SESSIONS,
        summary="Starts making the session fresh again, with a provider",
        body=schemas.OAuthReturn,
        answers=(ok(provider_login.ProviderAddress, "The URL to which you send the browser.", _COOKIE),),
        errors=(errors.OriginNotAllowed, errors.ProviderUnavailable),
    ),
    Operation(
        route=routes.ACTIVITY_LIST,
        tag=_SESSIONS,
        summary="Lists recent events, newest first; equal ones are one entry with `count`, `first_at` and `at`",
        answers=(ok(presenters.Activities, "The newest events."),),
    ),
)

IDENTITIES = (
    Operation(
        route=routes.IDENTITY_LIST,
        tag=_IDENTITIES,
        summary="Lists identities",
        answers=(ok(identity_presenters.Identities, "The account's identities."),),
    ),
    Operation(
        route=routes.OAUTH_LINK,
        tag=_IDENTITIES,
        summary="Starts linking a provider",
        body=schemas.OAuthReturn,
        answers=(ok(provider_login.ProviderAddress, "The URL to which you send the browser.", _COOKIE),),
        errors=(errors.OriginNotAllowed, errors.ProviderUnavailable),
    ),
    Operation(
        route=routes.IDENTITY_UNLINK,
        tag=_IDENTITIES,
        summary="Unlinks an identity; ends all other sessions, and a first password that was set after a login with it",
        answers=(done("The identity is unlinked."),),
        errors=(errors.LastIdentity,),
    ),
    Operation(
        route=routes.IDENTITY_CONFIRM,
        tag=_IDENTITIES,
        summary="Confirms an address that the provider has not verified, and logs in",
        credential="emailed token, same browser",
        body=schemas.IdentityConfirm,
        answers=(ok(presenters.Customer, _LOGGED_IN, _COOKIE),),
        errors=(errors.InvalidLink, errors.AddressReused, errors.InvalidCredentials, errors.IdentityLimitReached),
    ),
)

PASSKEYS = (
    Operation(
        route=routes.PASSKEY_LOGIN_INVITE,
        tag=_PASSKEYS,
        summary="Returns what the browser needs to log in with a passkey",
        answers=(ok(passkeys.RequestOptions, "Options for `navigator.credentials.get`.", _COOKIE),),
    ),
    Operation(
        route=routes.PASSKEY_LOGIN,
        tag=_PASSKEYS,
        summary="Logs in with a passkey: sets the session cookie",
        body=passkey_schemas.PasskeyLogin,
        example=ASSERTION | {"remember": True},
        answers=(ok(presenters.Customer, _LOGGED_IN, _COOKIE),),
        errors=(errors.InvalidPasskey,),
    ),
    Operation(
        route=routes.PASSKEY_REMIND,
        tag=_PASSKEYS,
        summary="Returns what the browser needs to make the session fresh with a passkey",
        answers=(ok(passkeys.RequestOptions, "Options for `navigator.credentials.get`."),),
    ),
    Operation(
        route=routes.PASSKEY_REAUTHENTICATE,
        tag=_PASSKEYS,
        summary="Makes the session fresh again, with a passkey",
        body=passkey_schemas.PasskeyReauthenticate,
        example=ASSERTION,
        answers=(done("The session is fresh.", _COOKIE),),
        errors=(errors.InvalidPasskey,),
    ),
    Operation(
        route=routes.PASSKEY_LIST,
        tag=_PASSKEYS,
        summary="Lists passkeys",
        answers=(ok(passkey_presenters.Passkeys, "The account's passkeys."),),
    ),
    Operation(
        route=routes.PASSKEY_INVITE,
        tag=_PASSKEYS,
        summary="Returns what the browser needs to create a passkey",
        answers=(ok(passkeys.CreationOptions, "Options for `navigator.credentials.create`."),),
        errors=(errors.PasskeyLimitReached,),
    ),
    Operation(
        route=routes.PASSKEY_CREATE,
        tag=_PASSKEYS,
        summary="Adds a passkey to the account",
        body=passkey_schemas.PasskeyCreate,
        example=REGISTRATION,
        answers=(ok(passkey_presenters.PasskeyCreated, "The new passkey.", status=201),),
        errors=(errors.PasskeyNotAccepted, errors.PasskeyLimitReached),
    ),
    Operation(
        route=routes.PASSKEY_RENAME,
        tag=_PASSKEYS,
        summary="Renames a passkey",
        body=passkey_schemas.PasskeyRename,
        answers=(done("The passkey is renamed."),),
    ),
    Operation(
        route=routes.PASSKEY_REMOVE,
        tag=_PASSKEYS,
        summary="Removes a passkey; ends all other sessions, and what was added after a login with it",
        answers=(done("The passkey is removed."),),
        errors=(errors.LastIdentity,),
    ),
)

SECOND_FACTOR = (
    Operation(
        route=routes.FACTOR_LOGIN,
        tag=_SECOND_FACTOR,
        summary="Finishes a login with the second factor, or an emailed code: sets the session cookie",
        body=factor_schemas.SecondFactorLogin,
        example={"code": "287082", "trust": False},
        answers=(done(_LOGGED_IN, _COOKIE),),
        errors=(errors.InvalidSecondFactor, errors.InvalidEmailCode, errors.PendingLoginExpired),
    ),
    Operation(
        route=routes.EMAIL_CODE_SEND,
        tag=_SECOND_FACTOR,
        summary="Emails the code of a login in a new browser again",
        answers=(accepted("A new code is emailed. It replaces the first; the tries that were used still count."),),
        errors=(errors.PendingLoginExpired, errors.MailUnavailable),
    ),
    Operation(
        route=routes.FACTOR_SHOW,
        tag=_SECOND_FACTOR,
        summary="Says whether the account has a second factor",
        answers=(ok(second_factors.SecondFactor, "The state of the second factor."),),
    ),
    Operation(
        route=routes.FACTOR_START,
        tag=_SECOND_FACTOR,
        summary="Begins to set up a second factor",
        answers=(ok(second_factors.Setup, "What an authenticator app needs. Nothing has changed yet."),),
        errors=(errors.SecondFactorOn, errors.SecondFactorNotOffered),
    ),
    Operation(
        route=routes.FACTOR_CONFIRM,
        tag=_SECOND_FACTOR,
        summary="Turns the second factor on with a code of the app; ends all other sessions",
        body=factor_schemas.SecondFactorConfirm,
        example={"setup": "KvRbDp1Hn6cY3mWqT0sLxZ8uEaJgFi2oBV5kM7tXd4y", "code": "287082"},
        answers=(ok(second_factors.RecoveryCodes, "The recovery codes, which are not shown again."),),
        errors=(errors.SetupExpired, errors.WrongSecondFactor, errors.SecondFactorOn, errors.SecondFactorNotOffered),
    ),
    Operation(
        route=routes.FACTOR_TURN_OFF,
        tag=_SECOND_FACTOR,
        summary="Turns the second factor off; ends all other sessions, and the trust in browsers",
        body=factor_schemas.SecondFactorChange,
        example={"code": "287082"},
        answers=(done("The second factor is off."),),
        errors=(errors.WrongSecondFactor, errors.SecondFactorOff),
    ),
    Operation(
        route=routes.RECOVERY_CODES_REPLACE,
        tag=_SECOND_FACTOR,
        summary="Replaces the recovery codes",
        body=factor_schemas.SecondFactorChange,
        example={"code": "287082"},
        answers=(ok(second_factors.RecoveryCodes, "The new recovery codes, which are not shown again."),),
        errors=(errors.WrongSecondFactor, errors.SecondFactorOff),
    ),
    Operation(
        route=routes.TRUST_REVOKE,
        tag=_SECOND_FACTOR,
        summary="Ends the trust in browsers: `{id}` is one id of `GET /auth/second-factor`, or several with commas",
        answers=(done("The browsers are asked for a code at their next login."),),
    ),
    Operation(
        route=routes.FACTOR_RESET_CANCEL,
        tag=_SECOND_FACTOR,
        summary="Cancels the reset of the second factor that an operator requested",
        answers=(done("No reset is requested, also if none was."),),
    ),
)

PASSWORD_AND_EMAIL = (
    Operation(
        route=routes.PASSWORD_REMOVE,
        tag=_PASSWORD,
        summary="Removes the password, if there are two other login methods; ends all other sessions",
        answers=(done("The password is removed."),),
        errors=(errors.LoginMethodsMissing, errors.PasswordMissing),
    ),
    Operation(
        route=routes.PASSWORD_SET,
        tag=_PASSWORD,
        summary="Sets the first password of an account that has none",
        body=schemas.PasswordSet,
        answers=(done("The password is set. Other sessions have ended."),),
        errors=(errors.WeakPassword, errors.PasswordExists, errors.NotFound),
    ),
    Operation(
        route=routes.PASSWORD_FORGOT,
        tag=_PASSWORD,
        summary="Emails a reset link if the account exists",
        body=schemas.PasswordForgot,
        answers=(accepted(_EMAIL_IF_POSSIBLE),),
        errors=(errors.MailUnavailable,),
    ),
    Operation(
        route=routes.PASSWORD_RESET,
        tag=_PASSWORD,
        summary="Sets the password; ends all sessions and login delays",
        credential="emailed token",
        body=schemas.PasswordReset,
        answers=(done("The password is set. Log in with it. The cookie identifies the browser.", _COOKIE),),
        errors=(errors.WeakPassword, errors.InvalidLink),
    ),
    Operation(
        route=routes.PASSWORD_CHANGE,
        tag=_PASSWORD,
        summary="Changes the password; ends the other sessions",
        body=schemas.PasswordChange,
        answers=(done("The password is changed."),),
        errors=(errors.WeakPassword, errors.InvalidCredentials, errors.PasswordMissing),
    ),
    Operation(
        route=routes.EMAIL_CHANGE,
        tag=_PASSWORD,
        summary="Emails a link to the new address and notifies the old one",
        body=schemas.EmailChange,
        answers=(accepted(_EMAIL_IF_POSSIBLE),),
        errors=(errors.MailUnavailable,),
    ),
    Operation(
        route=routes.EMAIL_CHANGE_CANCEL,
        tag=_PASSWORD,
        summary="Cancels the pending change of address; its link no longer works",
        answers=(done("No change is pending."),),
    ),
    Operation(
        route=routes.EMAIL_CHANGE_CONFIRM,
        tag=_PASSWORD,
        summary="Changes the address of the account that requested it; ends the other sessions",
        credential="emailed token",
        body=schemas.EmailChangeConfirm,
        answers=(ok(presenters.Customer, "The account with its new address."),),
        errors=(errors.InvalidLink,),
    ),
)

ACCOUNT = (
    Operation(
        route=routes.ACCOUNT_OPEN,
        tag=_ACCOUNT,
        summary="Returns the account of the credential, as clients ask for it at login",
        answers=(ok(presenters.Customer, "The account."),),
    ),
    Operation(
        route=routes.ACCOUNT_SHOW,
        tag=_ACCOUNT,
        summary="Returns the account of the credential",
        answers=(ok(presenters.Customer, "The account."),),
    ),
    Operation(
        route=routes.ACCOUNT_EXPORT,
        tag=_ACCOUNT,
        summary="Returns all data about the owner, as a JSON file",
        answers=(ok(exports.Export, "The file.", "Content-Disposition"),),
    ),
    Operation(
        route=routes.ACCOUNT_UPDATE,
        tag=_ACCOUNT,
        summary="Changes the display name, or the language of emails",
        body=schemas.AccountUpdate,
        answers=(ok(presenters.Customer, "The account with its name."),),
    ),
    Operation(
        route=routes.ACCOUNT_DELETE,
        tag=_ACCOUNT,
        summary="Deletes the account and all its data",
        answers=(done("The account is deleted.", _COOKIE, _CLEARED),),
    ),
)
PEOPLE = (*LOGIN, *SESSIONS, *IDENTITIES, *PASSKEYS, *SECOND_FACTOR, *PASSWORD_AND_EMAIL, *ACCOUNT)
