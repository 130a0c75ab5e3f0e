"""Every limit of the service, named once: schemas, code, documents and tests all read them here.

Where a number comes from is said beside it; "ours" means that no source fixes it.
"""

from __future__ import annotations

from datetime import timedelta

# Passwords. NIST SP 800-63B-4 3.1.1.2: 15 where the password is the only factor; ASVS 6.2.9: at least 64 allowed.
PASSWORD_MIN_CHARACTERS = 15
# A deployment may ask for more, but not for more than ASVS 6.2.9 has everybody accept.
PASSWORD_MIN_CHARACTERS_AT_MOST = 64
PASSWORD_MAX_CHARACTERS = 256
PASSWORD_MAX_BYTES = 1024

# RFC 5321 4.5.3.1 (local part, and a path of 256 with its angle brackets).
EMAIL_MAX_CHARACTERS = 254
EMAIL_LOCAL_MAX_CHARACTERS = 64

# Text that people choose (ours).
PERSON_NAME_MAX_CHARACTERS = 100
KEY_NAME_MAX_CHARACTERS = 64
# An ARN of IAM or STS has fewer (ours).
OPERATOR_NAME_MAX_CHARACTERS = 256
# Whatever else an operator names: an address, a provider's id, a digest (ours).
OPERATOR_WORD_MAX_CHARACTERS = 300
KEY_DESCRIPTION_MAX_CHARACTERS = 256
# What a deployment calls a program that signs in for people (ours): it has to fit into a sentence.
CLIENT_NAME_MAX_CHARACTERS = 64

# What the web edge reads at most (ours).
BODY_MAX_BYTES = 16 * 1024
URL_MAX_CHARACTERS = 2048
USER_AGENT_KEPT_CHARACTERS = 256

# What an account holds at most (design, sections 4 and 5; ASVS 7.1.2).
API_KEYS_PER_ACCOUNT = 25
SESSIONS_PER_ACCOUNT = 50

# Sessions: NIST SP 800-63B-4 2.2.3 (24 h and 1 h at AAL2), 2.1.3 (30 d at AAL1) for people who ask to be remembered.
# A deployment may have shorter ones; these are the longest.
SESSION_LIFETIME = timedelta(hours=24)
SESSION_IDLE = timedelta(hours=1)
REMEMBERED_SESSION_LIFETIME = timedelta(days=30)
REMEMBERED_SESSION_IDLE = timedelta(days=7)
# How recent a log-in must be for steps that hand out or take away access (ASVS 7.5.1; ours).
FRESH_LOGIN = timedelta(minutes=15)
# Activity is written down at most this often, so that a busy session costs one write per interval (ours).
ACTIVITY_INTERVAL = timedelta(minutes=5)
# The shortest idle limit of a deployment (ours): activity that is not written down yet must not end a session.
SESSION_IDLE_AT_LEAST = 2 * ACTIVITY_INTERVAL

# Ways in that an account holds at most (ours): with sessions and keys, all fit into one transaction of 100 writes.
IDENTITIES_PER_ACCOUNT = 10
# A sign-in with a provider, from the click to its return (RFC 9700 4.7: short; ours).
OAUTH_STATE_LIFETIME = timedelta(minutes=10)
# How long the browser that started may confirm, by mail, an address that the provider has not verified (ours).
OAUTH_BROWSER_KEPT = timedelta(hours=1)
OAUTH_STARTS_PER_ADDRESS_PER_MINUTE = 30

# Calls to providers (ASVS 13.2.6; OIDC and authlib have no bounds of their own).
PROVIDER_CONNECT_SECONDS = 2.0
PROVIDER_TOTAL_SECONDS = 5.0
PROVIDER_BODY_MAX_BYTES = 256 * 1024
ID_TOKEN_MAX_CHARACTERS = 8 * 1024
ID_TOKEN_LEEWAY = timedelta(seconds=60)
PROVIDER_KEYS_KEPT = timedelta(hours=1)
PROVIDER_KEYS_REFETCHED_AT_MOST_EVERY = timedelta(minutes=5)

# Signed-in clients: as long as a remembered browser, and renewed in between. An access token lasts as long as it may
# take other services, which check it offline, to hear of a log-out (RFC 9068 gives no number; ours).
ACCESS_TOKEN_LIFETIME = timedelta(minutes=15)
ACCESS_TOKEN_MAX_CHARACTERS = 4 * 1024
# OAuth 2.1 4.1.2 (ten minutes at most, one recommended); for how long a used one is known by what it made is ours.
AUTHORIZATION_CODE_LIFETIME = timedelta(seconds=60)
USED_CODE_REMEMBERED = timedelta(minutes=10)
# How long the refresh token before the last is still answered, with the same one: for a client that lost it (ours).
REFRESH_GRACE = timedelta(seconds=30)
STATE_MAX_CHARACTERS = 1024
# Devices without a browser (RFC 8628 3.2, 3.5, 5.1, 6.1; the numbers are ours). Eight of twenty letters, ten minutes
# and the throttles below: with a thousand codes always on show, a thousand accounts that guess as fast as they may hit
# one in a month. A poll may come a second early: it may have been faster on its way than the one before.
DEVICE_CODE_LIFETIME = timedelta(minutes=10)
USER_CODE_CHARACTERS = 8
DEVICE_POLL_INTERVAL = timedelta(seconds=5)
DEVICE_POLL_EARLY = timedelta(seconds=1)
# How long anybody may keep our public keys and addresses (ours); the next key is among them long before it signs.
PUBLIC_METADATA_KEPT = timedelta(minutes=5)
# How far ahead of the reader's clock that of the signer may be.
CLOCK_SKEW = timedelta(seconds=60)

# One-time tokens (ASVS 6.5.5; how long an address may be changed is ours).
VERIFICATION_LIFETIME = timedelta(hours=24)
PASSWORD_RESET_LIFETIME = timedelta(minutes=30)
EMAIL_CHANGE_LIFETIME = timedelta(hours=1)
# A sign-up that nobody confirms is swept after this (ours; ASVS 14.2.7).
UNVERIFIED_KEPT = timedelta(days=7)

# Throttles (section 2 of the parameters: allauth, warehouse, NIST SP 800-63B-4 3.2.2).
FREE_FAILURES = 5
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
FAILURES_THAT_DISABLE_PASSWORD = 100
FAILURES_REMEMBERED = timedelta(days=90)
ADDRESS_FAILURES_PER_MINUTE = 10
ADDRESS_FAILURES_PER_HOUR = 50
SIGNUPS_PER_ADDRESS_PER_MINUTE = 20
CONFIRMATIONS_PER_ADDRESS_PER_MINUTE = 20
BAD_KEYS_PER_ADDRESS_PER_MINUTE = 60
BAD_GRANTS_PER_ADDRESS_PER_MINUTE = 60
REFRESHES_PER_SESSION_PER_MINUTE = 30
CONSENTS_PER_ACCOUNT_PER_MINUTE = 20
CONSENT_QUESTIONS_PER_MINUTE = 60
DEVICE_CODES_PER_ADDRESS_PER_MINUTE = 20
USER_CODES_PER_ADDRESS_PER_MINUTE = 20
USER_CODES_PER_ACCOUNT_PER_HOUR = 40
BAD_ADMIN_SECRETS_PER_ADDRESS_PER_MINUTE = 10
SIGNUP_MAILS_PER_RECIPIENT = 3
SIGNUP_MAILS_WINDOW = timedelta(hours=6)
NOTICES_PER_HOUR = 10
RESET_MAILS_PER_HOUR = 3
RESET_MAILS_PER_DAY = 5
EMAIL_CHANGES_PER_ACCOUNT_PER_DAY = 5

# Browsers that a way in remembers, so that its owner is told of a new one, and for how long a browser does (ours).
BROWSERS_PER_IDENTITY = 10
BROWSER_KEPT = timedelta(days=365)

# Whom one report of SES may be about: a mail has this many recipients at most there (SES quotas; ours have one).
MAIL_REPORT_RECIPIENTS = 50

# Audit records are kept for a year, then swept (ASVS 14.2.7; ours).
AUDIT_KEPT = timedelta(days=365)
# How many of them a person sees (ours): one read, and as much as anybody looks through.
ACTIVITY_SHOWN = 50
# How many of them go into the copy of everything that a person can take along (ours): years of use, and below 1 MB of
# the 6 MB that a function may answer with.
ACTIVITY_EXPORTED = 1000

# bcrypt (ASVS appendix C; measured, see benchmarks): cost for new hashes, and the costs we agree to compute.
BCRYPT_COST = 12
BCRYPT_COSTS_ACCEPTED = range(10, 15)
