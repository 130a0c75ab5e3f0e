"""Every limit of the service, defined once: schemas, code, documents and tests read them here.

Each number names its source. "Chosen" means that no standard fixes it.
"""

from __future__ import annotations

from datetime import timedelta

# Passwords. NIST SP 800-63B-4 3.1.1.2: 15 where the password is the only factor; ASVS 6.2.9: at least 64 allowed.
PASSWORD_MIN_CHARACTERS = 15
# A deployment may raise the minimum up to the length that ASVS 6.2.9 requires every service to accept.
# Where a second factor is required.
PASSWORD_MIN_CHARACTERS_WITH_SECOND_FACTOR = 8
PASSWORD_MIN_CHARACTERS_AT_MOST = 64
PASSWORD_MAX_CHARACTERS = 256
PASSWORD_MAX_BYTES = 1024

# RFC 5321 4.5.3.1 (the local part; a path of 256 with its angle brackets).
EMAIL_MAX_CHARACTERS = 254
EMAIL_LOCAL_MAX_CHARACTERS = 64

# Names (chosen) and descriptions (what ComfyUI's own API allows).
PERSON_NAME_MAX_CHARACTERS = 100
# A name in the greeting of emails; a longer one may be a message (chosen).
GREETED_NAME_MAX_CHARACTERS = 40
GREETED_NAME_MAX_WORDS = 4
KEY_NAME_MAX_CHARACTERS = 64
# IAM and STS ARNs are shorter (chosen).
OPERATOR_NAME_MAX_CHARACTERS = 256
# Other values that an operator passes: an address, a provider's id, a digest (chosen).
OPERATOR_WORD_MAX_CHARACTERS = 300
KEY_DESCRIPTION_MAX_CHARACTERS = 5000
# The name of a client; it has to fit into a sentence (chosen).
CLIENT_NAME_MAX_CHARACTERS = 64
# A resource server's address, its scopes together, and what a scope means (chosen): an access token is shorter than
# KMS's longest message, and a meaning fits on a phone.
RESOURCE_MAX_CHARACTERS = 256
SCOPES_MAX_CHARACTERS = 512
SCOPE_MEANING_MAX_CHARACTERS = 80
# The name of the service, in the subject and sender of emails (chosen).
SITE_NAME_MAX_CHARACTERS = 40

# Metadata documents of clients (draft-ietf-oauth-client-id-metadata-document 3: short ids; 8.7: 5 kilobytes; 5.2: own
# bounds on caching; the numbers but 5 are chosen).
CLIENT_ID_MAX_CHARACTERS = 256
CLIENT_DOCUMENT_MAX_BYTES = 5 * 1024
# Name, connection, TLS and response together.
CLIENT_DOCUMENT_TOTAL_SECONDS = 2.0
CLIENT_DOCUMENT_FRESH_AT_LEAST = timedelta(minutes=1)
CLIENT_DOCUMENT_FRESH_AT_MOST = timedelta(days=1)
# When its response does not say.
CLIENT_DOCUMENT_FRESH = timedelta(minutes=5)
# A copy that is no longer fresh is not used, but its document keeps a limit of its own until it is deleted.
CLIENT_DOCUMENT_REMEMBERED = timedelta(days=30)

# Reports of leaked keys (GitHub: "a large number of matches"; the numbers are chosen). 1000 matches with long addresses
# fit into the bytes.
LEAK_REPORT_MAX_BYTES = 512 * 1024
LEAK_REPORT_MAX_MATCHES = 1000
LEAK_TYPE_MAX_CHARACTERS = 128
LEAK_URL_MAX_CHARACTERS = 1024
# GitHub's list of the keys that sign reports. A copy is used for a day when GitHub does not answer.
SCANNER_KEYS_MAX_BYTES = 32 * 1024
SCANNER_KEYS_FRESH = timedelta(hours=1)
SCANNER_KEYS_USED_AT_MOST = timedelta(days=1)
SCANNER_KEYS_REFETCHED_AT_MOST_EVERY = timedelta(minutes=1)
# For how long a report that comes again sends an email that could not be queued.
LEAK_NOTICE_OWED = timedelta(days=7)

# What the web edge reads at most (chosen).
BODY_MAX_BYTES = 16 * 1024
URL_MAX_CHARACTERS = 2048
USER_AGENT_KEPT_CHARACTERS = 256

# Per account (ASVS 7.1.2; the numbers are chosen).
API_KEYS_PER_ACCOUNT = 25
# With old secrets that still work after a rotation: 99 writes delete an account in one transaction (chosen).
KEY_SECRETS_PER_ACCOUNT = API_KEYS_PER_ACCOUNT + 2
# How long the old secret of a rotated key works at most (chosen; Stripe's keys: 7 days).
KEY_OVERLAP_DAYS = 7
# The networks that a key may be restricted to (chosen).
KEY_NETWORKS_MAX = 10
# The networks that a key was used from: the bits of an address that tell them apart (IPv6: what a site may get, RFC
# 6177), how many a key remembers, and how many an account's history records in a day, of which one is emailed (chosen).
SEEN_NETWORK_IPV4_BITS = 24
SEEN_NETWORK_IPV6_BITS = 48
SEEN_NETWORKS_PER_KEY = 10
NEW_NETWORKS_RECORDED_PER_ACCOUNT_PER_DAY = 20
NEW_NETWORK_NOTICES_PER_ACCOUNT_PER_DAY = 1
# The longest time until a key expires, leap days included, and how long an expired one is still listed (chosen).
API_KEY_LIFETIME = timedelta(days=3653)
EXPIRED_KEY_LISTED = timedelta(days=30)
# How long before a key expires its owner is emailed, each time only if the key was created more than a day before that,
# and how many keys one hourly run handles (chosen).
API_KEY_REMINDERS = (timedelta(days=7), timedelta(days=1))
API_KEY_NEW = timedelta(days=1)
KEYS_DUE_AT_ONCE = 2000
# A date and time as sent, with its time zone (chosen).
MOMENT_MAX_CHARACTERS = 40
SESSIONS_PER_ACCOUNT = 50

# Sessions: NIST SP 800-63B-4 2.2.3 (24 h and 1 h at AAL2), and 2.1.3 (30 d at AAL1) with "remember me". These are
# maximums; a deployment may configure less.
SESSION_LIFETIME = timedelta(hours=24)
SESSION_IDLE = timedelta(hours=1)
REMEMBERED_SESSION_LIFETIME = timedelta(days=30)
REMEMBERED_SESSION_IDLE = timedelta(days=7)
# Maximum age of the login for steps that grant or revoke access (ASVS 7.5.1; chosen).
FRESH_LOGIN = timedelta(minutes=15)
# Activity is recorded at most once per interval, so that a busy session costs one write per interval (chosen).
ACTIVITY_INTERVAL = timedelta(minutes=5)
# Minimum idle limit of a deployment: activity that is not recorded yet must not end a session (chosen).
SESSION_IDLE_AT_LEAST = 2 * ACTIVITY_INTERVAL

# Per account: with sessions and keys, all fit into one transaction of 100 writes (chosen).
IDENTITIES_PER_ACCOUNT = 10
# With the account and a record, these 97 writes delete an account in one transaction (chosen).
PASSKEYS_PER_ACCOUNT = 10
# Unlinked identities that an account remembers. With more, only its owner can link any identity to it (chosen).
UNLINKED_PER_ACCOUNT = 20
# A login with a provider, from the click to the callback (RFC 9700 4.7: short; chosen).
OAUTH_STATE_LIFETIME = timedelta(minutes=10)
# How long the browser that started a login may confirm an address that the provider has not verified (chosen).
OAUTH_BROWSER_KEPT = timedelta(hours=1)
# Ours: how long the browser of a sign-up confirms it without the password.
SIGN_UP_BROWSER_KEPT = timedelta(hours=1)
# A browser that follows a redirect cannot send a proof of work, so there is more room (chosen).
OAUTH_STARTS_PER_ADDRESS_PER_MINUTE = 600

# Passkeys (WebAuthn Level 3). 14.5.1 recommends this timeout for user verification; ids have 1,023 bytes at most (4).
PASSKEY_CHALLENGE_LIFETIME = timedelta(minutes=5)
CREDENTIAL_ID_MAX_BYTES = 1023
PASSKEY_NAME_MAX_CHARACTERS = 64
# Other login methods that an account needs before its password can be removed (chosen).
LOGIN_METHODS_WITHOUT_PASSWORD = 2
# Each visit to the login page asks for a challenge, which people of one network do at the same time (chosen).
PASSKEY_CHALLENGES_PER_ADDRESS_PER_MINUTE = 600
PASSKEY_ATTEMPTS_PER_ADDRESS_PER_MINUTE = 300

# Second factors. RFC 4226 4 (R6) recommends 160 bits, RFC 6238 5.2 steps of 30 s and one step of drift. A recovery code
# has 120 bits, so that a plain digest is enough (ASVS 6.5.2: 112). The other numbers are chosen.
TOTP_SECRET_BYTES = 20
TOTP_DIGITS = 6
TOTP_STEP = timedelta(seconds=30)
TOTP_DRIFT_STEPS = 1
RECOVERY_CODES = 10
RECOVERY_CODE_CHARACTERS = 24
# A code as typed, with its spaces and dashes.
SECOND_FACTOR_MAX_CHARACTERS = 64
# ASVS 6.5.5 and 6.6.3: ten minutes at most.
PENDING_LOGIN_LIFETIME = timedelta(minutes=5)
SECOND_FACTOR_SETUP_LIFETIME = timedelta(minutes=10)
# NIST SP 800-63B-4 2.1.3.
TRUSTED_BROWSER_KEPT = timedelta(days=30)
TRUSTED_BROWSERS_PER_ACCOUNT = 10
SECOND_STEPS_PER_ADDRESS_PER_MINUTE = 300
SECOND_FACTOR_CHANGES_PER_ACCOUNT_PER_DAY = 50
# What an operator requested waits this long, so that the owner can cancel it, and can then be used this long.
SECOND_FACTOR_RESET_WAIT = timedelta(hours=24)
SECOND_FACTOR_RESET_KEPT = timedelta(days=7)
# The owner is emailed at this failure: in a row in known browsers, each within that time in others (ASVS 6.3.5).
SECOND_FACTOR_FAILURES_TOLD = 3
SECOND_FACTOR_FAILURES_COUNTED = timedelta(days=30)
# A code by email that finishes a login in a new browser (ASVS 6.5.5: ten minutes at most; the rest is chosen).
LOGIN_CODE_LIFETIME = timedelta(minutes=10)
LOGIN_CODE_DIGITS = 6
LOGIN_CODE_TRIES = 5
# Codes emailed to an account, for one source, and for all together (chosen). The latter are 100 guesses a day.
LOGIN_CODES_PER_SOURCE_PER_HOUR = 5
LOGIN_CODES_PER_SOURCE_PER_DAY = 10
LOGIN_CODES_PER_HOUR = 10
LOGIN_CODES_PER_DAY = 20

# Calls to providers (ASVS 13.2.6; OIDC and authlib set no limits).
PROVIDER_CONNECT_SECONDS = 2.0
PROVIDER_TOTAL_SECONDS = 5.0
PROVIDER_BODY_MAX_BYTES = 256 * 1024
ID_TOKEN_MAX_CHARACTERS = 8 * 1024
ID_TOKEN_LEEWAY = timedelta(seconds=60)
PROVIDER_KEYS_KEPT = timedelta(hours=1)
PROVIDER_KEYS_REFETCHED_AT_MOST_EVERY = timedelta(minutes=5)

# Other services verify access tokens offline, so this is how long they may accept one after a logout (RFC 9068 gives
# no number; chosen).
ACCESS_TOKEN_LIFETIME = timedelta(minutes=15)
ACCESS_TOKEN_MAX_CHARACTERS = 4 * 1024
# OAuth 2.1 4.1.2 (at most ten minutes, one recommended). A used code is remembered to detect reuse (chosen).
AUTHORIZATION_CODE_LIFETIME = timedelta(seconds=60)
USED_CODE_REMEMBERED = timedelta(minutes=10)
# How long the previous refresh token still returns the current one, for clients that lost a response (chosen).
REFRESH_GRACE = timedelta(seconds=30)
STATE_MAX_CHARACTERS = 1024
# Device authorization (RFC 8628 3.2, 3.5, 5.1, 6.1; the numbers are chosen). A user code has eight of twenty letters:
# with 1,000 codes outstanding at all times, 1,000 accounts that guess at the limits below may find one in a month.
# A poll may be a second early, because network delay varies.
DEVICE_CODE_LIFETIME = timedelta(minutes=10)
USER_CODE_CHARACTERS = 8
# A code as typed, with its spaces and dashes (chosen).
TYPED_CODE_MAX_CHARACTERS = 64
DEVICE_POLL_INTERVAL = timedelta(seconds=5)
DEVICE_POLL_EARLY = timedelta(seconds=1)
# Cache lifetime of public keys and metadata; the next key is published long before it signs (chosen).
PUBLIC_METADATA_KEPT = timedelta(minutes=5)
# After this time, a copy of security.txt is out of date (RFC 9116 2.5.5 recommends less than a year; chosen).
SECURITY_CONTACT_LIFETIME = timedelta(days=30)
# Cache lifetime of the site's icon at its fixed path (chosen).
ICON_KEPT = timedelta(days=1)
# How far the signer's clock may be ahead of the reader's.
CLOCK_SKEW = timedelta(seconds=60)

# One-time tokens (ASVS 6.5.5; the lifetime of an email change is chosen).
VERIFICATION_LIFETIME = timedelta(hours=24)
PASSWORD_RESET_LIFETIME = timedelta(minutes=30)
EMAIL_CHANGE_LIFETIME = timedelta(hours=1)
# Unconfirmed sign-ups are deleted after this (ASVS 14.2.7; chosen).
UNVERIFIED_KEPT = timedelta(days=7)

# Throttles (NIST SP 800-63B-4 3.2.2; allauth and warehouse use similar numbers).
FREE_FAILURES = 5
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
FAILURES_THAT_DISABLE_PASSWORD = 100
FAILURES_REMEMBERED = timedelta(days=90)
# By source: an IPv4 address or an IPv6 /64, which a class, an office or a carrier's subscribers share. Chosen: Auth0
# and Supabase allow 100 to 360 an hour, but count known browsers, too. Above the limits, each request needs a proof of
# work, up to a ceiling that bounds what one source can cost (docs/api.md).
ADDRESS_FAILURES_PER_MINUTE = 300
ADDRESS_FAILURES_PER_HOUR = 600
ADDRESS_FAILURES_PER_HOUR_WITH_PROOF = 3000
# Up to a tenth of its limit in an hour, a source is quiet: its logins are not given back, which saves a write.
QUIET_SOURCE_SHARE = 10
# Requests that send an email: sign-up, another confirmation link, a forgotten password.
SIGNUPS_PER_ADDRESS_PER_MINUTE = 150
SIGNUPS_PER_ADDRESS_PER_HOUR = 300
SIGNUPS_PER_ADDRESS_PER_HOUR_WITH_PROOF = 1000
CONFIRMATIONS_PER_ADDRESS_PER_MINUTE = 300
# A proof of work: PBKDF2 with so many iterations, until the key begins with these hexadecimal digits: 256 tries on
# average (chosen). 256 tries take 0.15 s with Web Crypto on two cores of a server; a phone needs several times that.
PROOF_ITERATIONS = 1000
PROOF_PREFIX = "00"
PROOF_LIFETIME = timedelta(minutes=5)
PROOF_MAX_CHARACTERS = 2048
BAD_KEYS_PER_ADDRESS_PER_MINUTE = 60
BAD_GRANTS_PER_ADDRESS_PER_MINUTE = 60
REFRESHES_PER_SESSION_PER_MINUTE = 30
# All programs of an account together: each of its 50 sessions twice, with room for codes (chosen).
SIGNATURES_PER_ACCOUNT_PER_MINUTE = 120
CONSENTS_PER_ACCOUNT_PER_MINUTE = 20
CONSENTS_PER_ACCOUNT_PER_DAY = 100
CONSENT_QUESTIONS_PER_MINUTE = 60
DEVICE_CODES_PER_ADDRESS_PER_MINUTE = 100
# Fetches of clients' documents, which only owners who are logged in can cause. Per host, documents that were not seen
# before; others have a limit each, so that a flood of made-up addresses does not stop known clients (chosen).
CLIENT_DOCUMENTS_PER_ACCOUNT_PER_MINUTE = 20
CLIENT_DOCUMENTS_PER_ADDRESS_PER_MINUTE = 60
CLIENT_DOCUMENTS_PER_HOST_PER_MINUTE = 60
CLIENT_DOCUMENT_REFETCHES_PER_MINUTE = 10
USER_CODES_PER_ADDRESS_PER_MINUTE = 100
USER_CODES_PER_ACCOUNT_PER_HOUR = 40
BAD_ADMIN_SECRETS_PER_ADDRESS_PER_MINUTE = 10
# Reports of leaked keys with a good signature.
LEAK_REPORTS_PER_ADDRESS_PER_MINUTE = 300
# Emails with a confirmation link to one address, for one source, account or identity, and for all together (chosen).
SIGNUP_MAILS_PER_SOURCE = 3
SIGNUP_MAILS_PER_RECIPIENT = 20
SIGNUP_MAILS_WINDOW = timedelta(hours=6)
NOTICES_PER_HOUR = 10
# One for each key of an account: a file with all of them may leak, and all may expire on the same day.
KEY_NOTICES_PER_HOUR = API_KEYS_PER_ACCOUNT
# Emails with a reset link to one address, for one source or for the known browsers, and for all sources together. When
# the latter is reached, a link that was sent at most 15 minutes ago still works for 15 minutes (chosen).
RESET_MAILS_PER_HOUR = 3
RESET_MAILS_PER_DAY = 5
RESET_MAILS_PER_RECIPIENT = 3
RESET_MAILS_WINDOW = PASSWORD_RESET_LIFETIME / 2
EMAIL_CHANGES_PER_ACCOUNT_PER_DAY = 5
# What a session can do to fill the account's records. 25 keys can be created, and each be replaced once (chosen).
RENAMES_PER_ACCOUNT_PER_DAY = 20
PASSWORD_CHANGES_PER_ACCOUNT_PER_DAY = 20
LINKS_STARTED_PER_ACCOUNT_PER_DAY = 20
API_KEYS_CREATED_PER_ACCOUNT_PER_DAY = 50
API_KEY_CHANGES_PER_ACCOUNT_PER_DAY = 100
PASSKEYS_CREATED_PER_ACCOUNT_PER_DAY = 20

# Known browsers per identity, and the lifetime of the cookie that identifies one (chosen).
BROWSERS_PER_IDENTITY = 10
BROWSER_KEPT = timedelta(days=365)

# Recipients in one SES report: the most that SES allows in an email. This service sends to one at a time.
MAIL_REPORT_RECIPIENTS = 50

# Audit records are deleted after this (ASVS 14.2.7; chosen).
AUDIT_KEPT = timedelta(days=365)
# Entries shown to the owner (chosen). One read of less than 1 MB returns all records of an account, or shows that there
# are too many. Then the latest of each kind are read, so that however many there are of one kind, the others are shown
# and exported. They are at most 2 MB of the 6 MB that a function may return. Equal records less than an hour apart are
# one entry.
ACTIVITY_SHOWN = 50
ACTIVITY_READ = 1000
ACTIVITY_READ_OF_ONE_KIND = 100
ACTIVITY_FOLDED_WITHIN = timedelta(hours=1)

# bcrypt (ASVS appendix C; measured, see benchmarks): the cost of new hashes, and the costs that are verified.
BCRYPT_COST = 12
BCRYPT_COSTS_ACCEPTED = range(10, 15)
