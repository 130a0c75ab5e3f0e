"""Every refusal and failure of the service, as one tree.

::

    AccountsError
    ├── Refusal                       the caller can correct it: 4xx
    │   ├── InvalidInput
    │   │   ├── MalformedRequest
    │   │   ├── WeakPassword
    │   │   ├── InvalidLink
    │   │   ├── PasswordRequired
    │   │   ├── InvalidUserCode
    │   │   ├── PasskeyNotAccepted
    │   │   ├── SetupExpired
    │   │   ├── WrongSecondFactor
    │   │   ├── UnknownClient
    │   │   ├── ClientDocumentRefused
    │   │   └── RedirectNotAllowed
    │   ├── ClientRefused
    │   │   ├── InvalidClient
    │   │   │   └── ClientAuthentication
    │   │   ├── InvalidGrant
    │   │   │   └── GrantReused
    │   │   ├── UnsupportedGrantType
    │   │   ├── UnsupportedResponseType
    │   │   ├── InvalidScope
    │   │   ├── InvalidTarget
    │   │   ├── AccessDenied
    │   │   ├── LoginRequired
    │   │   ├── ConsentRequired
    │   │   ├── LoginNotStrongEnough
    │   │   ├── AuthorizationPending
    │   │   ├── SlowDown
    │   │   └── ExpiredToken
    │   ├── ProviderLoginFailed
    │   │   ├── LoginDeclined
    │   │   ├── LoginExpired
    │   │   ├── CookiesBlocked
    │   │   └── ProviderNotTrusted
    │   ├── Unauthenticated
    │   │   ├── ApiKeyExpired
    │   │   ├── ApiKeyReplaced
    │   │   ├── ApiKeyMistyped
    │   │   ├── ApiKeyUnknown
    │   │   ├── InvalidCredentials
    │   │   │   ├── InvalidPasskey
    │   │   │   └── InvalidSecondFactor
    │   │   │       └── InvalidEmailCode
    │   │   ├── SecondFactorRequired
    │   │   │   └── EmailCodeRequired
    │   │   ├── PendingLoginExpired
    │   │   ├── InvalidAdminSecret
    │   │   └── InvalidSignature
    │   ├── Forbidden
    │   │   ├── ApiKeyInsufficientScope
    │   │   ├── ApiKeyWrongNetwork
    │   │   ├── CredentialNotAccepted
    │   │   ├── CrossSiteRequest
    │   │   ├── ReauthenticationRequired
    │   │   ├── StepUpRequired
    │   │   ├── SecondFactorSetupRequired
    │   │   ├── SecondFactorNotOffered
    │   │   ├── EmailCodeUndeliverable
    │   │   ├── EmailNotVerified
    │   │   ├── EmailMissing
    │   │   └── OriginNotAllowed
    │   ├── NotFound
    │   │   └── ProviderOff
    │   ├── MethodNotAllowed
    │   ├── NotPossibleNow
    │   │   ├── KeyLimitReached
    │   │   ├── KeyNotRotatable
    │   │   ├── IdentityLinkedElsewhere
    │   │   ├── AddressConfirmed
    │   │   ├── AddressReused
    │   │   ├── IdentityLimitReached
    │   │   ├── LastIdentity
    │   │   ├── LoginMethodsMissing
    │   │   ├── PasskeyLimitReached
    │   │   ├── SecondFactorOn
    │   │   ├── SecondFactorOff
    │   │   ├── IdentityNotLinked
    │   │   ├── PasswordExists
    │   │   ├── PasswordMissing
    │   │   ├── AccountChanged
    │   │   └── ClientChanged
    │   ├── BodyTooLarge
    │   ├── UnsupportedMediaType
    │   └── TooManyAttempts
    │       └── ProofRequired
    ├── Unavailable                   a dependency failed: 503, access denied, nothing written
    │   ├── SigningUnavailable
    │   ├── ProviderUnavailable
    │   └── MailUnavailable
    └── ConfigurationError            the deployment is not safe to serve: raised at startup

``code`` is stable, for programs. ``message`` tells people what to do. ``event`` is the name in the log (OWASP Logging
Vocabulary). ``accounts.web`` alone maps errors to HTTP statuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class AccountsError(Exception):
    code: ClassVar[str] = "internal_error"
    event: ClassVar[str] = "sys_error"
    default_message: ClassVar[str] = "Something went wrong on our side. Try again in a moment."

    def __init__(self, message: str | None = None, **values: object) -> None:
        """``message`` has the names of ``values`` in braces, so that it can be translated."""
        self.template = message or self.default_message
        self.values = values
        super().__init__(self.message)

    @property
    def message(self) -> str:
        return self.template.format(**self.values) if self.values else self.template


class Refusal(AccountsError):
    """The caller can correct it."""


class InvalidInput(Refusal):
    """A field is missing, too long, malformed, or of the wrong type."""

    code = "invalid_input"
    event = "input_validation_fail"
    default_message = "Check what you entered and try again."


class MalformedRequest(InvalidInput):
    """The request cannot be parsed: broken JSON, repeated names, undecodable bytes."""

    code = "malformed_request"
    default_message = "The request could not be read. Send one JSON object with each name once."


class WeakPassword(InvalidInput):
    """The new password violates the policy; the message says how (ASVS 6.2.4, NIST SP 800-63B-4 3.1.1.2)."""

    code = "weak_password"
    default_message = "Choose another password."


class InvalidLink(InvalidInput):
    """An emailed token is unknown, used, expired or superseded. The error does not say which."""

    code = "invalid_link"
    event = "authn_token_invalid"
    default_message = "This link has expired or was already used. Request a new one."


class PasswordRequired(InvalidInput):
    """A sign-up is confirmed without its password, in a browser that has not started it."""

    code = "password_required"
    default_message = "Enter the password that you chose when you signed up: this browser didn't start the sign-up."


class InvalidUserCode(InvalidInput):
    """A user code is unknown, used, expired or another account's. The error does not say which."""

    code = "invalid_user_code"
    event = "authn_token_invalid"
    default_message = "That code is wrong or has expired. Check it, or get a new one on your device."


class PasskeyNotAccepted(InvalidInput):
    """A new passkey is malformed, exists already, or answers a challenge that is used, expired or another browser's."""

    code = "passkey_not_accepted"
    event = "authn_passkey_fail"
    default_message = "We couldn't add this passkey. Try again, and confirm it within five minutes."


class SetupExpired(InvalidInput):
    """The setup of a second factor is unknown, used, expired, or another session's."""

    code = "setup_expired"
    default_message = "This setup took too long. Start again."


class WrongSecondFactor(InvalidInput):
    """In a session, the code is wrong or was used before."""

    code = "wrong_second_factor"
    event = "authn_second_factor_fail"
    default_message = (
        "This code is wrong or was used before. Wait for the next one, and check that your phone's clock is right."
    )


class UnknownClient(InvalidInput):
    """The ``client_id`` is not configured, so the browser is not redirected (RFC 6749 4.1.2.1)."""

    code = "unknown_client"
    event = "authn_client_fail"
    default_message = "We don't recognize the program that wants to log in. Update it, or use an API key."


class ClientDocumentRefused(InvalidInput):
    """The document that describes the client cannot be fetched or used, so the browser is not redirected.

    The message says why; all reasons are in ``accounts.model.client_documents``.
    """

    code = "client_document_refused"
    event = "authn_client_fail"
    default_message = "The program's description cannot be used."


class RedirectNotAllowed(InvalidInput):
    """The redirect URI is not one of the client's, so the browser is not redirected (RFC 9700 4.11)."""

    code = "redirect_not_allowed"
    event = "malicious_redirect"
    default_message = "The program tried to send you to an address that isn't its own. Start again from the program."


class ClientRefused(Refusal):
    """A client's request violates the protocol."""

    code = "invalid_request"
    event = "input_validation_fail"
    default_message = "A parameter is missing, repeated or unreadable."


class InvalidClient(ClientRefused):
    """The client is unknown, or sent a secret although all clients here are public."""

    code = "invalid_client"
    event = "authn_client_fail"
    default_message = "This program is not registered here. Send its client_id, and no secret."


class ClientAuthentication(InvalidClient):
    """The client authenticated with the header ``Authorization``, for which RFC 6749 5.2 has a status of its own."""

    default_message = "Clients have no secret here. Send the client_id in the form, or as Basic with an empty secret."


class InvalidGrant(ClientRefused):
    """The code or refresh token is unknown, used, expired, revoked or another client's.

    The error does not say which.
    """

    code = "invalid_grant"
    event = "authn_token_invalid"
    default_message = "This login has ended or was never finished. Log in again."


class GrantReused(InvalidGrant):
    """A code or refresh token was used twice, so it may be stolen. The session that it opened has ended."""

    event = "authn_token_reuse"
    default_message = "This login was used in two places, so we ended it for your safety. Log in again."


class UnsupportedGrantType(ClientRefused):
    """The grant type is not a code, a refresh token or a device code."""

    code = "unsupported_grant_type"
    default_message = "This grant type is not supported."


class UnsupportedResponseType(ClientRefused):
    """The response type is not ``code``."""

    code = "unsupported_response_type"
    default_message = 'Only the response type "code" is supported.'


class InvalidScope(ClientRefused):
    """The scope is malformed, or exceeds what was granted."""

    code = "invalid_scope"
    default_message = "This scope cannot be granted."


class InvalidTarget(ClientRefused):
    """No token for the resource is issued here, or the grant is for another one (RFC 8707)."""

    code = "invalid_target"
    default_message = "We don't issue tokens for that resource."


class AccessDenied(ClientRefused):
    """The owner denied the request."""

    code = "access_denied"
    event = "authn_client_denied"
    default_message = "The account owner didn't allow this login."


class LoginRequired(ClientRefused):
    """The client asked that nothing is shown, and the owner has to log in (OpenID Connect Core 3.1.2.6)."""

    code = "login_required"
    event = "authn_client_denied"
    default_message = "The account owner has to log in first."


class ConsentRequired(ClientRefused):
    """The client asked that nothing is shown, and the owner has to allow the request, as always."""

    code = "consent_required"
    event = "authn_client_denied"
    default_message = "The account owner has to allow each login."


class LoginNotStrongEnough(ClientRefused):
    """The client asked for a kind of login that the owner has not, or that does not exist (RFC 9470 5)."""

    code = "unmet_authentication_requirements"
    event = "authn_client_denied"
    default_message = "This kind of login is not possible. It may need a passkey or two-step login, under Account."


class AuthorizationPending(ClientRefused):
    """The owner has not answered yet (RFC 8628 3.5)."""

    code = "authorization_pending"
    event = "authn_device_pending"
    default_message = "The account owner hasn't answered yet. Ask again after the interval."


class SlowDown(ClientRefused):
    """The owner has not answered yet, and the device polls too often (RFC 8628 3.5)."""

    code = "slow_down"
    event = "excess_device_polls"
    default_message = "The account owner hasn't answered yet. From now on, wait five seconds longer between requests."


class ExpiredToken(ClientRefused):
    """The device code has expired (RFC 8628 3.5)."""

    code = "expired_token"
    event = "authn_token_invalid"
    default_message = "This device code has expired. Request a new one."


class ProviderLoginFailed(Refusal):
    """A login with Google or GitHub was not completed. Nothing was changed."""

    code = "provider_sign_in_failed"
    event = "authn_provider_fail"
    default_message = "The login didn't work. Start again."


class LoginDeclined(ProviderLoginFailed):
    """The owner or the provider declined (RFC 6749 4.1.2.1).

    ``return_url`` is where the login was to end. ``logged_in``: a logged-in owner was linking or re-authenticating.
    """

    code = "sign_in_declined"
    default_message = "The login was cancelled. Try again, or log in another way."

    def __init__(self, provider: str = "", return_url: str = "", *, logged_in: bool = False) -> None:
        super().__init__()
        self.provider = provider
        self.return_url = return_url
        self.logged_in = logged_in


class LoginExpired(ProviderLoginFailed):
    """The state is unknown, used, expired, or another provider's. The error does not say which."""

    code = "sign_in_expired"
    default_message = "This login took too long or was already used. Start again."


class CookiesBlocked(ProviderLoginFailed):
    """The browser that came back did not present the cookie of the one that started (RFC 9700 2.1, 4.7)."""

    code = "cookies_blocked"
    default_message = (
        "This login was started in another browser, or this one blocks cookies. Allow cookies for this "
        "site, then start again here."
    )


class ProviderNotTrusted(ProviderLoginFailed):
    """The provider's response failed validation (OpenID Connect Core 3.1.3.7)."""

    code = "provider_not_trusted"
    event = "authn_provider_forged"
    default_message = "We couldn't verify the provider's answer. Start again, or log in another way."


class Unauthenticated(Refusal):
    """The request has no credential, or one that is not valid."""

    code = "not_authenticated"
    event = "authz_fail"
    default_message = "Log in, or send a valid API key."


class ApiKeyExpired(Unauthenticated):
    """The API key exists, but the expiry date that its owner chose has passed."""

    code = "api_key_expired"
    default_message = "This API key has expired. Create a new one."


class ApiKeyReplaced(Unauthenticated):
    """The API key was rotated, and this is its old secret, whose time has passed."""

    code = "api_key_replaced"
    default_message = "This API key was replaced by a new one. Use the new one."


class ApiKeyMistyped(Unauthenticated):
    """The API key has a wrong prefix, length or checksum. Raised without reading a table."""

    code = "api_key_mistyped"
    default_message = "This API key is incomplete or mistyped. Copy the whole key and try again."


class ApiKeyUnknown(Unauthenticated):
    """The API key is well-formed but does not exist: deleted, or another deployment's."""

    code = "api_key_unknown"
    default_message = "This API key doesn't exist here or was deleted. Create a new one."


class InvalidCredentials(Unauthenticated):
    """The one answer to every failed login, whatever the reason (ASVS 6.3.8)."""

    code = "invalid_credentials"
    event = "authn_login_fail"
    default_message = (
        "Wrong email address or password, or the address isn't confirmed yet. Check both, check Caps Lock, "
        "and look for our confirmation email."
    )


class InvalidPasskey(InvalidCredentials):
    """The one answer to every failed login with a passkey, whatever the reason."""

    code = "invalid_passkey"
    event = "authn_passkey_fail"
    default_message = (
        "This passkey didn't work. Try again, or log in another way. "
        "If it was removed from your account, delete it from your device, too."
    )


class InvalidSecondFactor(InvalidCredentials):
    """The code is wrong, expired or was used before."""

    code = "invalid_second_factor"
    event = "authn_second_factor_fail"
    default_message = (
        "This code is wrong or was used before. Wait for the next one and check that your phone's clock is right, "
        "or use another recovery code."
    )


class InvalidEmailCode(InvalidSecondFactor):
    """The emailed code is wrong, or was replaced by a newer one."""

    code = "invalid_email_code"
    event = "authn_email_code_fail"
    default_message = "This code is wrong. Enter the one from our latest email."


class SecondFactorRequired(Unauthenticated):
    """The first factor was right, and the account has a second one."""

    code = "second_factor_required"
    event = "authn_second_factor_required"
    default_message = "Enter the code of your authenticator app to finish logging in."

    def __init__(self, pending: str = "", factors: tuple[str, ...] = (), return_url: str = "") -> None:
        """``pending`` is for the cookie of the pending login, and nowhere else.

        ``return_url`` is where a login with a provider goes afterwards.
        """
        super().__init__()
        self.pending = pending
        self.factors = factors
        self.return_url = return_url


class EmailCodeRequired(SecondFactorRequired):
    """The password was right, but the account does not know the browser."""

    code = "email_code_required"
    event = "authn_email_code_required"
    default_message = "We don't recognize this browser. Enter the code that we emailed you."

    def __init__(self, pending: str = "", email: str = "") -> None:
        """``email`` is the address of the code, as it is shown."""
        super().__init__(pending, ("email_code",))
        self.email = email


class PendingLoginExpired(Unauthenticated):
    """The pending login is unknown, used, too old, out of tries, or of an account that has been secured since."""

    code = "pending_login_expired"
    event = "authn_second_factor_fail"
    default_message = "This login took too long, had too many wrong codes or was finished already. Log in again."


class InvalidAdminSecret(Unauthenticated):
    """The ``X-Comfy-Admin-Secret`` header is missing or wrong."""

    code = "invalid_admin_secret"
    event = "authz_fail_admin"
    default_message = "Send this deployment's admin secret in X-Comfy-Admin-Secret."


class InvalidSignature(Unauthenticated):
    """A report of leaked keys has no valid signature by a current key of the scanner."""

    code = "invalid_signature"
    event = "authz_fail_signature"
    default_message = "Sign the body with a current key of GitHub's secret scanning, and name that key in the headers."


class Forbidden(Refusal):
    """The caller is authenticated but not allowed to do this."""

    code = "forbidden"
    event = "authz_fail"
    default_message = "You don't have permission to do this."


class ApiKeyWrongNetwork(Forbidden):
    """The API key exists, but its owner does not allow the network that it came from. The error does not say more."""

    code = "api_key_wrong_network"
    event = "authz_fail_network"
    default_message = "This API key doesn't work from this network. Its owner can allow the network under API keys."


class ApiKeyInsufficientScope(Forbidden):
    """The API key works, but its owner restricted it to scopes that do not include this."""

    code = "api_key_insufficient_scope"
    event = "authz_fail_scope"
    default_message = "This API key isn't allowed to do this. Its owner can change its permissions under API keys."


class CredentialNotAccepted(Forbidden):
    """The route does not accept this kind of credential, such as an API key that tries to manage keys."""

    code = "credential_not_accepted"
    default_message = "API keys and programs can't do this. Log in on the website instead."


class CrossSiteRequest(Forbidden):
    """A cookie route was called from another site, or without a header that names the calling site."""

    code = "cross_site_request"
    event = "malicious_csrf"
    default_message = (
        "This request came from another site. Open this site and try there. A script must send the site's "
        "own address in the Origin header."
    )


class ReauthenticationRequired(Forbidden):
    """The session is valid, but the login is not recent enough for this step."""

    code = "reauth_required"
    event = "authz_fail_reauth"
    default_message = "You logged in more than 15 minutes ago. Log in again to do this."


class StepUpRequired(Forbidden):
    """The session is valid, but a client asked for a newer login, or for one with two factors (RFC 9470)."""

    code = "step_up_required"
    event = "authz_fail_reauth"
    default_message = "This program needs a newer login. Confirm it's you to continue."


class SecondFactorSetupRequired(Forbidden):
    """The deployment requires a second factor, and the owner logged in without one."""

    code = "second_factor_setup_required"
    event = "authz_fail_second_factor"
    default_message = "Set up two-step login first: on the website, under Account."


class SecondFactorNotOffered(Forbidden):
    """The deployment offers no second factor."""

    code = "second_factor_not_offered"
    default_message = "This site doesn't offer two-step login."


class EmailCodeUndeliverable(Forbidden):
    """The login needs a code by email, but the address gets no more email: it bounced, or reported one as spam."""

    code = "email_code_undeliverable"
    event = "authn_email_code_undeliverable"
    default_message = (
        "We can't email you the code that this browser needs: our emails to your address bounced or were marked as "
        "spam. Log in with a browser that you've used before, a passkey, Google or GitHub, or contact support."
    )


class EmailNotVerified(Forbidden):
    """The provider has not verified ``email``. A login that starts again sends another email."""

    code = "email_not_verified"
    event = "authn_provider_email_not_verified"
    default_message = (
        "The provider hasn't verified your email address. In this browser, open the link that we emailed you."
    )

    def __init__(self, provider: str = "", email: str = "", return_url: str = "") -> None:
        super().__init__()
        self.provider = provider
        self.email = email
        self.return_url = return_url


class EmailMissing(Forbidden):
    """The provider returned no email address."""

    code = "email_missing"
    event = "authn_provider_email_missing"
    default_message = "The provider didn't share an email address. Add and verify one there, or sign up with one here."


class OriginNotAllowed(Forbidden):
    """The origin may not start a login in the browser."""

    code = "origin_not_allowed"
    event = "malicious_cors"
    default_message = "This site is not on the allowlist. Create an API key and log in with it."


class NotFound(Refusal):
    """The resource does not exist or belongs to another account. The error does not say which."""

    code = "not_found"
    event = "authz_fail_not_found"
    default_message = "Not found. Check the address or the ID."


class ProviderOff(NotFound):
    """The provider is unknown, or this deployment has no credentials for it."""

    code = "provider_off"
    event = "authn_provider_off"
    default_message = "This login method is not available here. Log in another way."


class MethodNotAllowed(Refusal):
    """The path exists, but not with this HTTP method."""

    code = "method_not_allowed"
    event = "input_validation_fail"
    default_message = "This address doesn't support that HTTP method."

    def __init__(self, allowed: tuple[str, ...], *, readable: bool = False) -> None:
        """``allowed`` is sent in the ``Allow`` header (RFC 9110 15.5.6). ``readable``: other origins may read it."""
        super().__init__(f"This address supports only {', '.join(allowed)}.")
        self.allowed = allowed
        self.readable = readable


class NotPossibleNow(Refusal):
    """The request is valid but conflicts with the current state (RFC 9110 15.5.10)."""

    code = "not_possible_now"
    event = "business_conflict"
    default_message = "This isn't possible right now."


class IdentityLinkedElsewhere(NotPossibleNow):
    """The provider's subject is linked to another account."""

    code = "identity_linked_elsewhere"
    event = "authn_identity_linked_elsewhere"
    default_message = "That login belongs to another account. Log in with it and unlink it there first."


class AddressConfirmed(NotPossibleNow):
    """The sign-up's address was confirmed with another link, or with a provider."""

    code = "address_confirmed"
    event = "authn_address_confirmed"
    default_message = "This address is already confirmed. Log in, or reset your password if you don't know it."


class AddressReused(NotPossibleNow):
    """The account with this address has another identity of the provider, or unlinked this one."""

    code = "address_reused"
    event = "authn_address_reused"
    default_message = (
        "An account with this email address already exists. Log in as usual, then link this login under Account."
    )


class IdentityLimitReached(NotPossibleNow):
    """The account has the maximum number of identities."""

    code = "identity_limit_reached"
    event = "excess_identities"
    default_message = "You can't link more logins. Unlink one first."


class LastIdentity(NotPossibleNow):
    """Without this identity the owner could no longer log in."""

    code = "last_identity"
    event = "authn_last_identity"
    default_message = "This is your only way to log in. Link another login or set a password first."


class LoginMethodsMissing(NotPossibleNow):
    """Without the password, the account would have fewer than two login methods."""

    code = "login_methods_missing"
    event = "authn_login_methods_missing"
    default_message = "Add two other login methods first: passkeys, Google or GitHub."


class SecondFactorOn(NotPossibleNow):
    """The second factor is on already."""

    code = "second_factor_on"
    default_message = "Two-step login is on already. Turn it off before you set it up again."


class SecondFactorOff(NotPossibleNow):
    """The account has no second factor."""

    code = "second_factor_off"
    default_message = "Two-step login is off."


class PasskeyLimitReached(NotPossibleNow):
    """The account has the maximum number of passkeys."""

    code = "passkey_limit_reached"
    event = "excess_passkeys"
    default_message = "You've reached the limit of 10 passkeys. Remove one that you no longer use."


class PasswordExists(NotPossibleNow):
    """The account already has a password, which must be changed instead of set."""

    code = "password_exists"
    event = "authn_password_exists"
    default_message = "Your account already has a password. Change it instead."


class PasswordMissing(NotPossibleNow):
    """The account has no password to check."""

    code = "password_missing"
    event = "authn_password_missing"
    default_message = "Your account has no password. Log in with Google or GitHub again, or set a password."


class AccountChanged(NotPossibleNow):
    """The browser is logged in to another account than the one that the page showed."""

    code = "account_changed"
    event = "authn_account_changed"
    default_message = "You're now logged in to another account. Check which one, then try again."


class ClientChanged(NotPossibleNow):
    """The document that describes the client differs from the one that the page showed."""

    code = "client_changed"
    event = "authn_client_changed"
    default_message = "The program changed its description while you were deciding. Check it again, then answer."


class IdentityNotLinked(NotPossibleNow):
    """The provider's subject is not linked to the account that is logged in."""

    code = "identity_not_linked"
    event = "authn_identity_not_linked"
    default_message = "That login isn't linked to your account. Try again with the one that is."


class KeyLimitReached(NotPossibleNow):
    """The account has the maximum number of API keys."""

    code = "key_limit_reached"
    event = "excess_api_keys"
    default_message = "You've reached the limit of 25 API keys. Delete one that you no longer use."


class KeyNotRotatable(NotPossibleNow):
    """The API key has expired, or there is no place for another secret that works beside the new one."""

    code = "key_not_rotatable"
    event = "authn_token_not_rotatable"
    default_message = "This API key can't be rotated now."


class BodyTooLarge(Refusal):
    """The body exceeds ``limits.BODY_MAX_BYTES``, or its route's own limit."""

    code = "body_too_large"
    event = "input_validation_fail"
    default_message = "The request is too large. The limit is 16 KiB."


class UnsupportedMediaType(Refusal):
    """The body is not declared as JSON."""

    code = "unsupported_media_type"
    event = "input_validation_fail"
    default_message = "Send the body as JSON, with the header Content-Type: application/json."


class TooManyAttempts(Refusal):
    """A limit was reached. The secret was not checked."""

    code = "too_many_attempts"
    event = "excess_rate_limit_exceeded"

    def __init__(self, retry_after: int) -> None:
        """``retry_after`` is in whole seconds, at least 1."""
        self.retry_after = max(1, retry_after)
        super().__init__(_again_in(self.retry_after), seconds=self.retry_after, minutes=-(-self.retry_after // 60))


class ProofRequired(TooManyAttempts):
    """The source is above its free limits: send the request again with a proof of work, or wait.

    ``challenge`` is what to solve. The counter that refuses does not know it.
    """

    code = "proof_required"

    def __init__(self, retry_after: int, challenge: Mapping[str, Any] | None = None) -> None:
        super().__init__(retry_after)
        self.template = "Too many requests from your network. Solve the challenge and send the request again."
        self.challenge = challenge or {}


class Unavailable(AccountsError):
    """DynamoDB, KMS, Secrets Manager or the queue failed: fail closed (ASVS 16.5.3)."""

    code = "temporarily_unavailable"
    event = "sys_unavailable"
    default_message = "Something went wrong on our side. Try again in a moment."
    retry_after = 5


class SigningUnavailable(Unavailable):
    """KMS, which holds the signing keys, failed: access tokens can be neither issued nor verified."""

    event = "sys_signing_unavailable"
    default_message = "Tokens can't be issued or checked right now. Try again in a moment."


class ProviderUnavailable(Unavailable):
    """Google or GitHub did not answer in time."""

    code = "provider_unavailable"
    event = "sys_provider_unavailable"
    default_message = "The provider isn't responding. Try again in a moment, or log in another way."


class MailUnavailable(Unavailable):
    """The queue refused an email that the flow depends on."""

    code = "mail_unavailable"
    event = "sys_mail_unavailable"
    default_message = "We couldn't send the email. Try again in a moment."


class ConfigurationError(AccountsError):
    """The deployment's configuration is not safe to serve. Raised at startup, never for a request."""

    code = "configuration_error"


def _again_in(seconds: int) -> str:
    if seconds == 1:
        return "Too many attempts. Try again in {seconds} second."
    if seconds < 120:  # noqa: PLR2004 - up to two minutes, seconds are easier to read
        return "Too many attempts. Try again in {seconds} seconds."
    return "Too many attempts. Try again in {minutes} minutes."
