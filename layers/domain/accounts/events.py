"""Every event that is logged, with one name for each outcome.

Names follow the OWASP Logging Vocabulary where it has one. A log line and an audit record each have exactly one event;
a metric has the name of the event that it counts. ``docs/events.md`` is generated from this list.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from accounts import limits

# Counted as one metric for all methods.
ALL = ("",)


class Event(Struct, frozen=True):
    """``when`` says what happened. ``kept``: also in the account's audit records, with ``detail`` as possible fields.

    ``kept`` says how many records of this event one account can get, so that an attacker cannot fill its history.

    ``routine``: not a security event; the account's activity shows it only if there is room.

    ``counted`` lists the metrics: ALL for one, or one for each method listed. CloudWatch charges for each metric, and a
    method may come from a request, so methods that are not listed are not counted.
    """

    when: str
    kept: str = ""
    routine: bool = False
    detail: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()


def _a_day(number: int) -> str:
    return f"{number} a day"


_ONCE = "one"
_FACTORS = _a_day(limits.SECOND_FACTOR_CHANGES_PER_ACCOUNT_PER_DAY)
_BY_OPERATOR = "one for each order of an operator"
_REPORTS = "one for each report about an email that was sent"
_NOTICES = f"{limits.NOTICES_PER_HOUR} an hour"
_LOGINS_OF_ONE = (
    "of an owner, one for each login with a password or a provider; of clients, "
    f"{_a_day(limits.CONSENTS_PER_ACCOUNT_PER_DAY)}, "
    f"and {limits.USER_CODES_PER_ACCOUNT_PER_HOUR // 2} an hour with a code"
)
_LINKS = (
    f"{_a_day(limits.LINKS_STARTED_PER_ACCOUNT_PER_DAY)}; and by its address, each identity once, "
    f"until {limits.UNLINKED_PER_ACCOUNT} were unlinked"
)
_PASSWORDS = (
    f"{_a_day(limits.PASSWORD_CHANGES_PER_ACCOUNT_PER_DAY)}; one for each emailed reset link; "
    "a first one where there is none"
)

_LOGINS: dict[str, Event] = {
    "authn_login_success": Event(
        "an owner logged in, or a client after consent",
        kept=_LOGINS_OF_ONE,
        detail=("method", "session", "client"),
        counted=("password", "passkey", "google", "github"),
    ),
    "authn_login_fail": Event("login failed: wrong password, or unknown or unconfirmed address", counted=ALL),
    "authn_login_fail_max": Event("five logins failed in a row, and further attempts have to wait", kept=_NOTICES),
    "authn_login_lock": Event(
        "a hundred logins failed in a row, and the password was disabled in new browsers, or in known ones",
        kept=_NOTICES,
    ),
    "authn_reauthenticated": Event("an owner re-authenticated"),
    "authn_passkey_challenge": Event("a challenge for a passkey was issued"),
    "authn_passkey_fail": Event("a passkey was refused, in a login or when it was to be added", counted=ALL),
    "authn_passkey_copied": Event(
        "a login was refused: the signature counter of its passkey went back",
        kept="one for each challenge that a copied passkey answers",
        detail=("name",),
    ),
    "authn_second_factor_required": Event("the first factor was right, and the second one was asked for"),
    "authn_email_code_required": Event("the password was right in a new browser, and a code was emailed"),
    "authn_email_code_sent": Event("a code for a login in a new browser was emailed again"),
    "authn_email_code_undeliverable": Event("a login in a new browser was refused: its address gets no email"),
    "authn_email_code_fail": Event("an emailed code was refused"),
    "authn_second_factor_fail": Event("a code of a second factor was refused, or its login took too long"),
    "authn_provider_start": Event("a login with Google or GitHub started"),
    "authn_provider_fail": Event(
        "a login with a provider was declined, expired, or finished in another browser", counted=("google", "github")
    ),
    "authn_provider_forged": Event("a provider's response failed validation: forged, or its keys changed", counted=ALL),
    "authn_provider_off": Event("a login was requested with a provider that is not configured"),
    "authn_provider_email_missing": Event("a provider returned no email address"),
    "authn_provider_email_not_verified": Event(
        "a provider had not verified the address; a confirmation email was queued"
    ),
    "session_shown": Event("the current session was read"),
    "sessions_listed": Event("an owner listed sessions"),
    "session_revoked": Event(
        "a session was ended, other than by a login that replaced it in its browser",
        kept="one for each login",
        routine=True,
        detail=("session",),
    ),
    "session_revoked_all": Event(
        "all sessions of an account were ended, by its owner or an operator",
        kept="one for each login; " + _BY_OPERATOR,
        detail=("sessions", "by", "operator"),
    ),
    "authn_login_unlock": Event(
        "an operator reset the count of failed logins", kept=_BY_OPERATOR, detail=("by", "operator")
    ),
}
_ACCOUNTS: dict[str, Event] = {
    "user_created": Event(
        "a sign-up was requested; in audit records, an account was created with a provider",
        kept=_ONCE,
        detail=("provider",),
        counted=ALL,
    ),
    "email_verified": Event(
        "an address was confirmed with an emailed link, which completes the sign-up",
        kept=_ONCE,
        counted=ALL,
    ),
    "authn_address_confirmed": Event(
        "a sign-up was not confirmed: its address was confirmed with another link, or with a provider"
    ),
    "email_resend_requested": Event("the confirmation email was requested again"),
    "user_shown": Event("an account was read", counted=("api_key",)),
    "user_exported": Event("an owner exported their data"),
    "user_updated": Event("an owner changed their name", kept=_a_day(limits.RENAMES_PER_ACCOUNT_PER_DAY), routine=True),
    "user_email_change_requested": Event(
        "an email change was requested", kept=_a_day(limits.EMAIL_CHANGES_PER_ACCOUNT_PER_DAY)
    ),
    "user_email_change_cancelled": Event(
        "a pending email change was cancelled", kept="one for each change that is requested"
    ),
    "user_email_changed": Event(
        "an account's email address was changed", kept=_a_day(limits.EMAIL_CHANGES_PER_ACCOUNT_PER_DAY)
    ),
    "user_deleted": Event("an account was deleted, by its owner or an operator", kept=_ONCE, detail=("by", "operator")),
    "user_disabled": Event("an operator disabled an account", kept=_BY_OPERATOR, detail=("by", "operator")),
    "user_enabled": Event("an operator enabled an account", kept=_BY_OPERATOR, detail=("by", "operator")),
    "user_inspected": Event("an operator inspected an account"),
    "user_not_found": Event("an operator named an account that does not exist"),
    "activity_listed": Event("an owner listed the account's activity"),
    "methods_shown": Event("the login methods were listed"),
    "identities_listed": Event("an owner listed identities"),
    "authn_identity_link_start": Event("linking a provider to an account started"),
    "authn_identity_linked": Event("a provider was linked to an account", kept=_LINKS, detail=("provider",)),
    "authn_identity_unlinked": Event(
        "a provider was unlinked from an account", kept="one for each linked identity", detail=("provider",)
    ),
    "authn_identity_linked_elsewhere": Event(
        "linking was refused: the provider's subject is linked to another account"
    ),
    "authn_identity_not_linked": Event(
        "re-authentication was refused: the provider's subject is not linked to the account"
    ),
    "authn_address_reused": Event(
        "a login was refused: the account with its address has another identity of that provider"
    ),
    "authn_last_identity": Event("unlinking or removing was refused: it is the account's last login method"),
    "authn_passkey_created": Event(
        "a passkey was added to an account", kept=_a_day(limits.PASSKEYS_CREATED_PER_ACCOUNT_PER_DAY), detail=("name",)
    ),
    "authn_passkey_removed": Event("a passkey was removed from an account", kept="one for each passkey"),
    "authn_passkey_renamed": Event("an owner renamed a passkey"),
    "authn_passkeys_listed": Event("an owner listed passkeys"),
    "authn_password_removed": Event("an owner removed their password", kept="one for each password that is set"),
    "authn_login_methods_missing": Event(
        "removing the password was refused: the account needs two other login methods"
    ),
    "authn_second_factor_on": Event("the second factor was turned on", kept=_FACTORS),
    "authn_second_factor_off": Event("the second factor was turned off", kept=_FACTORS),
    "authn_recovery_codes_replaced": Event("an owner replaced their recovery codes", kept=_FACTORS),
    "authn_second_factor_reset_requested": Event(
        "an operator requested a reset of the second factor",
        kept=_BY_OPERATOR,
        detail=("by", "operator", "reset_at"),
    ),
    "authn_second_factor_reset_cancelled": Event(
        "a requested reset of the second factor was cancelled, by its owner, a factor or an operator",
        kept="one for each reset that was requested",
        detail=("by", "operator"),
    ),
    "authn_second_factor_reset": Event(
        "a login reset the second factor, as an operator had requested", kept="one for each reset that was requested"
    ),
    "authn_browser_trust_ended": Event(
        "an owner ended the trust in browsers", kept="one for each trusted browser", detail=("name",)
    ),
    "authn_second_factor_setup": Event("an owner began to set up a second factor"),
    "authn_second_factor_shown": Event("an owner read the state of their second factor"),
    "excess_passkeys": Event("an account reached its limit of passkeys"),
    "authn_password_change": Event(
        "a password was changed, reset, or set for the first time",
        kept=_PASSWORDS,
        detail=("by",),
        counted=("reset",),
    ),
    "authn_password_revoked": Event("an operator revoked a password", kept=_BY_OPERATOR, detail=("by", "operator")),
    "authn_password_reset_requested": Event("a password reset was requested", counted=ALL),
    "authn_password_exists": Event("setting a first password was refused: the account has one"),
    "authn_password_missing": Event("a password check was refused: the account has none"),
    "business_conflict": Event("a request conflicted with the current state"),
    "excess_identities": Event("an account reached its limit of identities"),
}
_KEYS_AND_TOKENS: dict[str, Event] = {
    "authn_token_created": Event(
        "an API key was created",
        kept=_a_day(limits.API_KEYS_CREATED_PER_ACCOUNT_PER_DAY),
        detail=("api_key", "name"),
        counted=ALL,
    ),
    "authn_token_revoked": Event(
        "an API key was deleted, by its owner or an operator",
        kept="one for each key",
        detail=("api_key", "name", "by", "operator"),
    ),
    "authn_token_rotated": Event(
        "an API key got a new secret",
        kept="with created keys, " + _a_day(limits.API_KEYS_CREATED_PER_ACCOUNT_PER_DAY),
        detail=("api_key", "name"),
    ),
    "authn_token_ended": Event(
        "an owner ended the old secret of an API key that was rotated",
        kept="one for each rotation",
        detail=("api_key", "name"),
    ),
    "authn_token_not_rotatable": Event("an API key had expired, or had no place for another secret"),
    "authn_token_updated": Event(
        "an owner renamed, described or restricted an API key; kept if it was renamed or described",
        kept=_a_day(limits.API_KEY_CHANGES_PER_ACCOUNT_PER_DAY),
        detail=("api_key", "name"),
    ),
    "authn_token_restricted": Event(
        "an owner changed the networks that an API key may come from",
        kept="with other changes of keys, " + _a_day(limits.API_KEY_CHANGES_PER_ACCOUNT_PER_DAY),
        detail=("api_key", "name", "networks"),
    ),
    "authn_token_scoped": Event(
        "an owner changed the scopes that an API key may be used for",
        kept="with other changes of keys, " + _a_day(limits.API_KEY_CHANGES_PER_ACCOUNT_PER_DAY),
        detail=("api_key", "name", "scopes"),
    ),
    "authz_fail_scope": Event("an API key was used for what its scopes do not include"),
    "authz_fail_network": Event("an API key came from a network that its owner does not allow"),
    "authn_token_new_network": Event(
        "an API key was used from a network that it does not remember",
        kept=_a_day(limits.NEW_NETWORKS_RECORDED_PER_ACCOUNT_PER_DAY),
        detail=("api_key", "name"),
    ),
    "authn_token_leaked": Event(
        "an API key was reported as leaked, by GitHub or an operator, and deleted",
        kept="one for each key",
        detail=("api_key", "name", "url", "found_in", "by", "operator"),
        counted=ALL,
    ),
    "authn_token_expired": Event("an API key expired", kept="one for each key", detail=("api_key", "name")),
    "authn_tokens_due": Event("owners were emailed before their API keys expire, and expired ones were recorded"),
    "authn_leaks_reported": Event("GitHub reported leaked API keys"),
    "authn_tokens_listed": Event("an owner listed API keys"),
    "authn_token_verified": Event("another service verified an API key", counted=ALL),
    "excess_api_keys": Event("an account reached its limit of API keys"),
    "authz_granted": Event("the authorizer allowed a request to another API", counted=("api_key",)),
    "authn_device_asks": Event("a device requested a user code", counted=ALL),
    "authn_device_pending": Event("a device polled for tokens before the owner answered"),
    "excess_device_polls": Event("a device polled more often than allowed"),
    "authn_client_asks": Event("a client's request for consent was shown to an owner"),
    "authn_client_answered": Event("an owner allowed or denied a client"),
    "authn_account_changed": Event(
        "a consent was refused: the browser is logged in to another account than the page showed"
    ),
    "authn_client_changed": Event("a consent was refused: the client's document is not the one that the page showed"),
    "authn_client_denied": Event("a client asked for tokens that the owner denied"),
    "authn_client_fail": Event("a client is unknown, or may not make this request"),
    "authn_token_issued": Event(
        "a client exchanged a code or a refresh token for tokens",
        counted=("authorization_code", "refresh_token", "device_code"),
    ),
    "authn_token_invalid": Event("an emailed token, code or refresh token was unknown, used or expired", counted=ALL),
    "authn_token_reuse": Event(
        "a code or refresh token was used twice, and its session was ended",
        kept="one for each login of a client",
        detail=("session",),
        counted=ALL,
    ),
    "oauth_metadata_shown": Event("the authorization server's metadata was read"),
    "resource_metadata_shown": Event("the metadata of this service as a protected resource was read"),
    "signing_keys_shown": Event("the public keys of access tokens were read"),
}
_REFUSALS: dict[str, Event] = {
    "authz_fail": Event("a credential was missing, not valid, or not allowed to do this", counted=ALL),
    "authz_fail_admin": Event("the admin secret was missing or wrong", counted=ALL),
    "authz_fail_signature": Event("a report of leaked API keys had no valid signature", counted=ALL),
    "authz_fail_reauth": Event("a step needed a more recent login"),
    "authz_fail_second_factor": Event("a login without the second factor that is required reached for more"),
    "authz_fail_not_found": Event("a resource does not exist or belongs to another account"),
    "excess_rate_limit_exceeded": Event("a limit was reached; no secret was checked", counted=ALL),
    "input_validation_fail": Event("a request could not be parsed, or a field was malformed"),
    "malicious_cors": Event("an origin that is not on the allowlist tried to start a login", counted=ALL),
    "malicious_csrf": Event("a cookie route was called from another site", counted=ALL),
    "malicious_redirect": Event("a client named a redirect URI that is not its own", counted=ALL),
}
_MAIL: dict[str, Event] = {
    "mail_sent": Event("SES accepted an email", counted=ALL),
    "mail_failed": Event("an email could not be sent and went back to the queue", counted=ALL),
    "mail_nobody_to_tell": Event("no email was sent: there is no such account, or the reason no longer applies"),
    "mail_limit_reached": Event("no email was sent: the recipient's limit was reached"),
    "mail_undeliverable": Event("no email was sent: the address is marked as undeliverable"),
    "mail_bounced": Event(
        "an email bounced permanently, and the address was marked as undeliverable",
        kept=_REPORTS,
        counted=ALL,
    ),
    "mail_bounced_for_now": Event("an email bounced temporarily"),
    "mail_complained": Event(
        "an email was reported as spam, and the address was marked as undeliverable",
        kept=_REPORTS,
        counted=ALL,
    ),
    "mail_wanted": Event("an email was reported as not spam, and the mark of a complaint was removed", kept=_REPORTS),
    "mail_not_marked": Event("an email was reported as not spam, and the address had no mark of a complaint"),
    "mail_problem_known": Event("a report named an address that is already marked"),
    "mail_problem_of_unknown_address": Event("a report named an address without an account"),
    "mail_report_failed": Event("a report could not be stored"),
    "mail_report_ignored": Event("a report was of a type that is ignored"),
    "mail_report_refused": Event("a notification was not from SES"),
}
_MACHINE: dict[str, Event] = {
    "sys_error": Event("an unexpected error: a 500", counted=ALL),
    "sys_unavailable": Event("DynamoDB, a secret or the queue did not answer: a 503", counted=ALL),
    "sys_signing_unavailable": Event(
        "KMS did not answer, so access tokens could not be signed or verified: a 503", counted=ALL
    ),
    "sys_provider_unavailable": Event("Google or GitHub did not answer: a 503", counted=ALL),
    "sys_mail_unavailable": Event("an email that the flow depends on could not be queued: a 503", counted=ALL),
    "sys_dependency_failed": Event(
        "the breach list, a notice or a note such as a last use failed, and the request continued", counted=ALL
    ),
    "page_shown": Event("a page or one of its parts was fetched"),
    "not_found": Event("the path does not exist; also browsers' preflight requests"),
}
EVENTS: Mapping[str, Event] = _LOGINS | _ACCOUNTS | _KEYS_AND_TOKENS | _REFUSALS | _MAIL | _MACHINE


def is_routine(name: str) -> bool:
    """Whether ``name`` is an event that is not a security event."""
    return name in EVENTS and EVENTS[name].routine
