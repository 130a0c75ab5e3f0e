"""The documented parameters: a changed number is a changed promise."""

from datetime import timedelta

from accounts import limits


def test_the_limits_are_those_documented() -> None:
    """Each number that the design and the security requirements fix for passwords, sessions, keys and throttles."""
    documented = {
        "PASSWORD_MIN_CHARACTERS": 15,
        "PASSWORD_MAX_CHARACTERS": 256,
        "PASSWORD_MAX_BYTES": 1024,
        "EMAIL_MAX_CHARACTERS": 254,
        "EMAIL_LOCAL_MAX_CHARACTERS": 64,
        "PERSON_NAME_MAX_CHARACTERS": 100,
        "KEY_NAME_MAX_CHARACTERS": 64,
        "KEY_DESCRIPTION_MAX_CHARACTERS": 256,
        "BODY_MAX_BYTES": 16_384,
        "URL_MAX_CHARACTERS": 2048,
        "USER_AGENT_KEPT_CHARACTERS": 256,
        "API_KEYS_PER_ACCOUNT": 25,
        "SESSIONS_PER_ACCOUNT": 50,
        "SESSION_LIFETIME": timedelta(hours=24),
        "SESSION_IDLE": timedelta(hours=1),
        "REMEMBERED_SESSION_LIFETIME": timedelta(days=30),
        "REMEMBERED_SESSION_IDLE": timedelta(days=7),
        "FRESH_LOGIN": timedelta(minutes=15),
        "ACTIVITY_INTERVAL": timedelta(minutes=5),
        "VERIFICATION_LIFETIME": timedelta(hours=24),
        "UNVERIFIED_KEPT": timedelta(days=7),
        "FREE_FAILURES": 5,
        "FIRST_WAIT": timedelta(seconds=30),
        "LONGEST_WAIT": timedelta(hours=1),
        "FAILURES_THAT_DISABLE_PASSWORD": 100,
        "FAILURES_REMEMBERED": timedelta(days=90),
        "ADDRESS_FAILURES_PER_MINUTE": 10,
        "ADDRESS_FAILURES_PER_HOUR": 50,
        "SIGNUPS_PER_ADDRESS_PER_MINUTE": 20,
        "CONFIRMATIONS_PER_ADDRESS_PER_MINUTE": 20,
        "BAD_KEYS_PER_ADDRESS_PER_MINUTE": 60,
        "BAD_ADMIN_SECRETS_PER_ADDRESS_PER_MINUTE": 10,
        "BAD_GRANTS_PER_ADDRESS_PER_MINUTE": 60,
        "REFRESHES_PER_SESSION_PER_MINUTE": 30,
        "SIGNATURES_PER_ACCOUNT_PER_MINUTE": 120,
        "CONSENTS_PER_ACCOUNT_PER_MINUTE": 20,
        "CONSENT_QUESTIONS_PER_MINUTE": 60,
        "ID_TOKEN_MAX_CHARACTERS": 8192,
        "ACCESS_TOKEN_MAX_CHARACTERS": 4096,
        "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
        "AUTHORIZATION_CODE_LIFETIME": timedelta(seconds=60),
        "USED_CODE_REMEMBERED": timedelta(minutes=10),
        "REFRESH_GRACE": timedelta(seconds=30),
        "SIGNUP_MAILS_PER_SOURCE": 3,
        "SIGNUP_MAILS_PER_RECIPIENT": 20,
        "SIGNUP_MAILS_WINDOW": timedelta(hours=6),
        "AUDIT_KEPT": timedelta(days=365),
        "ACTIVITY_SHOWN": 50,
        "ACTIVITY_EXPORTED": 1000,
        "BCRYPT_COST": 12,
        "BCRYPT_COSTS_ACCEPTED": range(10, 15),
    }

    assert {name: vars(limits)[name] for name in documented} == documented
