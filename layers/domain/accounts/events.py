"""Everything that is written down by name: one word for each outcome, wherever it is read.

The names are those of the OWASP Logging Vocabulary where it has one. A log line has exactly one of them, an audit
record too, and a metric is called as the event that it counts. ``docs/events.md`` shows this list to people.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

# Counted as one metric, whatever the method.
ALL = ("",)


class Event(Struct, frozen=True):
    """``when`` it is written; ``kept`` if it is in an account's audit records too, with what ``detail`` besides.

    ``counted`` are the metrics that it makes: ALL, or one for each of these methods and none for any other. CloudWatch
    takes a price for each, and a method may come from a request, so that nothing is counted that is not listed.
    """

    when: str
    kept: bool = False
    detail: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()


_LOGINS: dict[str, Event] = {
    "authn_login_success": Event(
        "a person logged in, or a program was let in for one",
        kept=True,
        detail=("method", "session", "client"),
        counted=("password", "google", "github"),
    ),
    "authn_login_fail": Event("a password was wrong, or the address unknown or not confirmed", counted=ALL),
    "authn_reauthenticated": Event("a person proved again who they are"),
    "authn_provider_start": Event("a browser was sent to Google or GitHub"),
    "authn_provider_fail": Event(
        "a sign-in with a provider was stopped, came too late or to another browser", counted=("google", "github")
    ),
    "authn_provider_forged": Event("a provider's answer failed a check: forged, or its keys changed", counted=ALL),
    "authn_provider_off": Event("a provider was asked for that is not set up"),
    "authn_provider_email_missing": Event("a provider gave no address"),
    "authn_provider_email_not_verified": Event("a provider had not verified the address, so our own mail goes there"),
    "session_shown": Event("a browser asked who is signed in"),
    "sessions_listed": Event("a person looked where they are signed in"),
    "session_revoked": Event("a browser or program was logged out", kept=True, detail=("session",)),
    "session_revoked_all": Event(
        "a person logged out everywhere, or was by an operator", kept=True, detail=("sessions", "by", "operator")
    ),
    "authn_login_unlock": Event("an operator ended the waiting after failures", kept=True, detail=("by", "operator")),
}
_ACCOUNTS: dict[str, Event] = {
    "user_created": Event(
        "a sign-up was asked for; in audit records, an account was made with a provider",
        kept=True,
        detail=("provider",),
        counted=ALL,
    ),
    "email_verified": Event("an address was proven with a mailed link, which ends a sign-up", kept=True, counted=ALL),
    "email_resend_requested": Event("the confirmation mail was asked for again"),
    "user_shown": Event("an account was shown to whoever may act for it", counted=("api_key",)),
    "user_exported": Event("a person took along everything that is held about them"),
    "user_updated": Event("a person changed what they are called", kept=True),
    "user_email_change_requested": Event("another address was asked for"),
    "user_email_changed": Event("an account moved to another address", kept=True),
    "user_deleted": Event("a person deleted their account, or an operator did", kept=True, detail=("by", "operator")),
    "user_disabled": Event("an operator closed an account", kept=True, detail=("by", "operator")),
    "user_enabled": Event("an operator opened an account again", kept=True, detail=("by", "operator")),
    "user_inspected": Event("an operator looked at an account"),
    "user_not_found": Event("an operator looked for an account that is not there"),
    "activity_listed": Event("a person looked at what happened to the account"),
    "methods_shown": Event("somebody asked which ways in there are"),
    "identities_listed": Event("a person looked at their ways in"),
    "authn_identity_link_start": Event("a signed-in person was sent to a provider to link it"),
    "authn_identity_linked": Event("a provider's login was linked to an account", kept=True, detail=("provider",)),
    "authn_identity_unlinked": Event("a provider's login was unlinked", kept=True, detail=("provider",)),
    "authn_identity_linked_elsewhere": Event("a login was to be linked that opens another account"),
    "authn_identity_not_linked": Event("another login came back from a provider than one of the account"),
    "authn_address_reused": Event("a login was refused because its address had another one of that provider"),
    "authn_last_identity": Event("the only way in was to be unlinked"),
    "authn_password_change": Event(
        "a password was changed, reset, or set for the first time", kept=True, detail=("by",), counted=("reset",)
    ),
    "authn_password_revoked": Event("an operator took a password out of use", kept=True, detail=("by", "operator")),
    "authn_password_reset_requested": Event("a link to a new password was asked for", counted=ALL),
    "authn_password_exists": Event("a first password was to be set where there is one"),
    "authn_password_missing": Event("a password was to be changed where there is none"),
    "business_conflict": Event("what was asked for is at odds with how things stand"),
    "excess_identities": Event("an account has as many ways in as it may"),
}
_KEYS_AND_TOKENS: dict[str, Event] = {
    "authn_token_created": Event("an API key was made", kept=True, detail=("api_key", "name"), counted=ALL),
    "authn_token_revoked": Event(
        "an API key was deleted, by its owner or an operator", kept=True, detail=("api_key", "by", "operator")
    ),
    "authn_tokens_listed": Event("a person looked at their API keys"),
    "authn_token_verified": Event("another service asked whose API key it was shown", counted=ALL),
    "excess_api_keys": Event("an account has as many API keys as it may"),
    "authz_granted": Event("the authorizer let a request through to another API", counted=("api_key",)),
    "authn_device_asks": Event("a program asked for a code that a person types in elsewhere", counted=ALL),
    "authn_device_pending": Event("a program asked for tokens before the person had answered"),
    "excess_device_polls": Event("a program asked more often than it was told to"),
    "authn_client_asks": Event("a program's sign-in was shown to a person"),
    "authn_client_answered": Event("a person said yes or no to a program"),
    "authn_account_changed": Event("a person answered a program as another account than the page had shown"),
    "authn_client_denied": Event("a person had said no"),
    "authn_client_fail": Event("a program is not known here, or may not ask like this"),
    "authn_token_issued": Event(
        "a program got tokens for a code, or new ones for old",
        counted=("authorization_code", "refresh_token", "device_code"),
    ),
    "authn_token_invalid": Event("a mailed link, code or refresh token was unknown, used or expired", counted=ALL),
    "authn_token_reuse": Event(
        "a code or refresh token came a second time, and what it had made was ended",
        kept=True,
        detail=("session",),
        counted=ALL,
    ),
    "oauth_metadata_shown": Event("a program asked where things are"),
    "signing_keys_shown": Event("the public keys of access tokens were asked for"),
}
_REFUSALS: dict[str, Event] = {
    "authz_fail": Event("no credential, one that is not valid, or one that may not do this", counted=ALL),
    "authz_fail_admin": Event("the admin secret was missing or wrong", counted=ALL),
    "authz_fail_reauth": Event("a log-in was too long ago for what was asked"),
    "authz_fail_not_found": Event("what was named is not there, or somebody else's"),
    "excess_rate_limit_exceeded": Event("a limit was reached before any secret was looked at", counted=ALL),
    "input_validation_fail": Event("a request could not be read, or a field was not well-formed"),
    "malicious_cors": Event("an origin that is on no list wanted to start a sign-in", counted=ALL),
    "malicious_csrf": Event("a cookie route was called from elsewhere than our own pages", counted=ALL),
    "malicious_redirect": Event("a program named an address for its answer that is not its own", counted=ALL),
}
_MAIL: dict[str, Event] = {
    "mail_sent": Event("SES took a mail", counted=ALL),
    "mail_failed": Event("a mail went back to the queue", counted=ALL),
    "mail_nobody_to_tell": Event("no mail was due: there is no such account, or nothing left to say"),
    "mail_limit_reached": Event("an address had its share of mails"),
    "mail_undeliverable": Event("no mail was sent to an address that is marked"),
    "mail_bounced": Event("a mail came back for good, and the address was marked", kept=True, counted=ALL),
    "mail_bounced_for_now": Event("a mail came back for now"),
    "mail_complained": Event("somebody called a mail spam, and the address was marked", kept=True, counted=ALL),
    "mail_problem_known": Event("a report was about an address that is marked already"),
    "mail_problem_of_unknown_address": Event("a report was about an address that is no account's"),
    "mail_report_failed": Event("a report could not be written down"),
    "mail_report_ignored": Event("a report was about nothing that we mark"),
    "mail_report_refused": Event("something came that SES cannot have published"),
}
_MACHINE: dict[str, Event] = {
    "sys_error": Event("a fault of ours: a 500", counted=ALL),
    "sys_unavailable": Event("DynamoDB, a secret or the queue did not answer: a 503", counted=ALL),
    "sys_signing_unavailable": Event("KMS did not answer about the keys of access tokens: a 503", counted=ALL),
    "sys_provider_unavailable": Event("Google or GitHub did not answer: a 503", counted=ALL),
    "sys_mail_unavailable": Event("a mail could not be queued without which there is no going on: a 503", counted=ALL),
    "sys_dependency_failed": Event("the breach list or a notice failed, and the request went on", counted=ALL),
    "page_shown": Event("a page or one of its parts was fetched"),
    "not_found": Event("nothing is there; also the preflights of browsers"),
}
EVENTS: Mapping[str, Event] = _LOGINS | _ACCOUNTS | _KEYS_AND_TOKENS | _REFUSALS | _MAIL | _MACHINE
