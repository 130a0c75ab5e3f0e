"""People with accounts, written into the emulated tables with the flows' own changes."""

from collections.abc import Callable, Sequence
from copy import replace
from dataclasses import dataclass
from datetime import datetime, timedelta

from fido2 import cbor
from fido2.utils import websafe_encode

from accounts import secrets
from accounts.aws.totp_secrets import KmsTotpSecrets
from accounts.dynamo.api_keys import ApiKeysTable
from accounts.dynamo.identities import IdentitiesTable
from accounts.dynamo.one_time_tokens import OneTimeTokensTable
from accounts.dynamo.passkeys import PasskeysTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.model import (
    api_keys,
    device_codes,
    held_keys,
    identities,
    login_codes,
    one_time_tokens,
    passkeys,
    second_factors,
    sessions,
    sign_ups,
    users,
)
from accounts.model.api_keys import ApiKey
from accounts.model.audit import Caller
from accounts.model.identities import Identity
from accounts.model.one_time_tokens import (
    DEVICE_CODE,
    EMAIL_CHANGE,
    EMAIL_VERIFICATION,
    PASSWORD_RESET,
    PENDING_LOGIN,
    UNCLAIMED,
    USER_CODE,
    OneTimeToken,
    PendingLogin,
    SignUp,
)
from accounts.model.passkeys import Passkey
from accounts.model.passwords import BcryptHasher
from accounts.model.peppers import Peppers
from accounts.model.sessions import Session
from accounts.model.users import User
from accounts.transactions import Change
from tests.authenticators import BE, BS, Authenticator
from tests.functions import emulated
from tests.functions.cloud import FACTOR_KEY, PEPPER
from tests.functions.requests import (
    SAMPLE_BROWSER,
    SAMPLE_CHANGE_TOKEN,
    SAMPLE_KEY,
    SAMPLE_LINK_TOKEN,
    SAMPLE_OTHER_TOKEN,
    SAMPLE_PASSWORD,
    SAMPLE_PENDING_LOGIN,
    SAMPLE_RECOVERY_CODE,
    SAMPLE_RESET_TOKEN,
    SAMPLE_TOKEN,
    SAMPLE_USER_CODE,
    SAMPLE_USER_ID,
)

# The items that each arrangement wrote, and the secrets it added, by arrangement.
_written: dict[tuple[object, ...], tuple[emulated.Items, frozenset[str]]] = {}
HASHER = BcryptHasher(lambda _version: Peppers("1", {"1": PEPPER.encode()}))
BROWSER = Caller("203.0.113.7", "Firefox")
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
OTHER_RECOVERY_CODE = "zyxw-vtsr-qpnm-kjhg-fedc-ba98"


@dataclass(frozen=True)
class Person:
    """The owner of an account: the ``token`` of their session, the plaintext of their ``key``, their ``password``."""

    user_id: str = SAMPLE_USER_ID
    email: str = "person@example.com"
    name: str = "Some Person"
    password: str = SAMPLE_PASSWORD
    token: str = SAMPLE_TOKEN
    key: str = SAMPLE_KEY

    @property
    def session_id(self) -> str:
        return secrets.digest(self.token)

    @property
    def key_id(self) -> str:
        return secrets.digest(self.key)

    def customer(self, now: datetime) -> dict[str, str]:
        """The account as the API returns it."""
        moment = now.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return {"id": self.user_id, "email": self.email, "name": self.name, "createdAt": moment, "updatedAt": moment}


def another_person(name: str) -> Person:
    """A person with their own secrets."""
    return Person(
        user_id=f"{name}AccountOfTheTests0000000000"[:28],
        email=f"{name.lower()}@example.com",
        name=name,
        password=f"canary password of {name} abcdef",
        token=f"canary-session-of-{name}-{'s' * 43}"[:43],
        key=a_key(f"CanaryKeyOf{name}"),
    )


def a_key(seed: str) -> str:
    """A well-formed key."""
    body = "comfyui-" + (seed * 58)[:58]
    return body + api_keys._checksum(body)


class People:
    """Writes the accounts that tests need."""

    def __init__(self, now: datetime) -> None:
        """Everything is written as of ``now``."""
        self._now = now
        self.known: set[str] = set()
        self.identities = IdentitiesTable("IdentitiesTable")
        self.accounts = UsersTable("UsersTable")
        tables = (
            self.accounts,
            self.identities,
            SessionsTable("SessionsTable"),
            ApiKeysTable("ApiKeysTable"),
            OneTimeTokensTable("OneTimeTokensTable"),
            PasskeysTable("PasskeysTable"),
        )
        self.commit = DynamoTransactions(*tables).commit

    def arrange(self, person: Person | None = None) -> Person:
        """A confirmed account with one new session and one API key."""
        person = person or Person()
        self._once(("arrange", person), lambda: self._arrange(person))
        return person

    def _once(self, what: tuple[object, ...], write: Callable[[], object]) -> None:
        """Write, or copy what the same arrangement wrote before: writing takes a hundred times as long."""
        key = (*what, self._now)
        if key in _written and emulated.can_put(_written[key][0]):
            items, known = _written[key]
            emulated.put(items)
            self.known |= known
            return
        before, known_before = emulated.keys(), set(self.known)
        write()
        _written[key] = emulated.items_besides(before), frozenset(self.known - known_before)

    def _arrange(self, person: Person) -> None:
        key = identities.email_key(person.email)
        user = User(person.user_id, person.email, person.name, self._now, self._now, identities=frozenset({key}))
        identity = replace(self._identity(person), verified=True, known_browsers=(secrets.digest(SAMPLE_BROWSER),))
        self.commit(users.Open(user), identities.Signup(identity))
        self.login(person, person.token)
        self.give_key(person, person.key)
        self.known |= {person.password, person.token, person.key, SAMPLE_BROWSER}

    def store_reset_link(self, person: Person, token: str = SAMPLE_RESET_TOKEN, at: datetime | None = None) -> None:
        data, subject = {"user_id": person.user_id}, identities.email_key(person.email)
        self._mail(person, PASSWORD_RESET, subject, token, data, at)

    def store_change_link(
        self, person: Person, token: str = SAMPLE_CHANGE_TOKEN, to: str = "moved@example.com"
    ) -> None:
        """Store a link that confirms a new email."""
        self._mail(person, EMAIL_CHANGE, person.user_id, token, {"email": to})

    def _mail(
        self, person: Person, purpose: str, subject: str, text: str, data: dict[str, str], at: datetime | None = None
    ) -> None:
        digest, issued_at = secrets.digest(text), at or self._now
        token = OneTimeToken(purpose, digest, subject, issued_at, issued_at + timedelta(minutes=30), data)
        stored = self.identities.get(identities.email_key(person.email))
        assert stored is not None
        pending = (identities.Replace(replace(stored, pending_change=digest)),) if purpose == EMAIL_CHANGE else ()
        self.commit(one_time_tokens.Issue(token), *pending)
        self.known.add(text)

    def as_sampled(self) -> Person:
        """All that the samples of ``events/`` refer to: the person, two sessions, emailed links, a sign-up."""
        person = Person()
        self._once(("as_sampled",), lambda: self._as_sampled(person))
        return person

    def _as_sampled(self, person: Person) -> None:
        self._arrange(person)
        self.login(person, SAMPLE_OTHER_TOKEN)
        self.store_reset_link(person)
        self.store_change_link(person)
        self.sign_up(Person("WaitingAccount", "waiting@example.com"), SAMPLE_LINK_TOKEN)
        self.enter_code(person)

    def enter_code(self, person: Person, user_code: str = SAMPLE_USER_CODE) -> None:
        """Store a device's user code that the person has typed."""
        later, asked = self._now + timedelta(minutes=10), {"client_id": "comfy-cli", "scope": "account"}
        device = OneTimeToken(DEVICE_CODE, secrets.digest(f"device of {user_code}"), UNCLAIMED, self._now, later, asked)
        typed, details = device_codes.typed(user_code) or "", {"device": device.digest, "source": "", "user_agent": ""}
        code = OneTimeToken(USER_CODE, typed, person.user_id, self._now, later, asked | details)
        self.commit(one_time_tokens.Issue(device), one_time_tokens.Issue(code))
        self.known |= {user_code, user_code.replace("-", "")}

    def sign_up(self, person: Person, link_token: str | None = None) -> None:
        """Store a sign-up in the sample browser, with a confirmation link if ``link_token`` is given."""
        browser, hashed = secrets.digest(SAMPLE_BROWSER), self._identity(person).password_hash
        waiting = sign_ups.waiting(person.email, SignUp(person.name, hashed or "", browser), self._now)
        changes: Sequence[Change] = ()
        if link_token is not None:
            digest, later = secrets.digest(link_token), self._now + timedelta(hours=24)
            token = OneTimeToken(EMAIL_VERIFICATION, digest, waiting.subject, self._now, later, waiting.data)
            changes = (one_time_tokens.Issue(token),)
            self.known.add(link_token)
        self.commit(one_time_tokens.Save(waiting), *changes)
        self.known.add(person.password)

    def login(self, person: Person, token: str, *, ago: timedelta = timedelta(), remembered: bool = False) -> str:
        """Store another session, started ``ago``, and return its id."""
        begun = self._now - ago
        length = sessions.LONGEST.of(remembered=remembered)
        ends = begun + length.absolute
        digest = secrets.digest(token)
        session = Session(digest, person.user_id, "password", remembered, begun, self._now, ends, length.idle, BROWSER)
        self.commit(sessions.Start(session), users.AddSession(person.user_id, digest, ends, 50))
        self.known.add(token)
        return digest

    def give_key(self, person: Person, text: str, name: str = "Workshop computer") -> str:
        """Store another API key, just used, and return its id."""
        digest = secrets.digest(text)
        key = ApiKey(digest, person.user_id, name, "", text[:16], self._now, self._now)
        self.commit(api_keys.Add(key), held_keys.AddKey(person.user_id, digest, 25))
        self.known.add(text)
        return digest

    def give_passkey(self, person: Person, device: Authenticator, added_with: str = "password") -> Passkey:
        """Store a passkey that ``device`` has."""
        device.user_id = person.user_id
        key = websafe_encode(cbor.encode(dict(device.cose)))
        origin = (added_with, "another session")
        synced = bool(device.flags & BE), bool(device.flags & BS)
        passkey = Passkey(
            device.credential_id, person.user_id, "Phone", key, device.counter, *synced, self._now, *origin
        )
        add = held_keys.AddPasskey(person.user_id, device.credential_id, 10, person.session_id)
        self.commit(passkeys.Add(passkey), add)
        return passkey

    def give_second_factor(self, person: Person, secret: str = TOTP_SECRET) -> None:
        """Turn the second factor on: the app's secret, and the recovery code of the samples and another one."""
        user = self.accounts.get(person.user_id)
        assert user is not None
        sealed = KmsTotpSecrets(FACTOR_KEY).seal(secret, person.user_id)
        codes = second_factors.digests((SAMPLE_RECOVERY_CODE, OTHER_RECOVERY_CODE))
        step = int(self._now.timestamp()) // 30 - 1
        others = (it for it in user.sessions if it != person.session_id)
        on = second_factors.TurnOn(user, sealed, step, codes, person.session_id, self._now - timedelta(hours=1))
        self.commit(on, *map(sessions.End, others))
        self.known |= {secret, SAMPLE_RECOVERY_CODE, OTHER_RECOVERY_CODE}

    def begin_login(
        self, person: Person, token: str = SAMPLE_PENDING_LOGIN, *, known: bool = True, emailed: str = ""
    ) -> None:
        """Store a login with the password that waits for its second factor, or for the code that was ``emailed``."""
        user = self.accounts.get(person.user_id)
        assert user is not None
        begun = PendingLogin(
            identity=identities.email_key(person.email),
            method="password",
            remembered="",
            replaces="",
            totp="" if emailed else user.totp,
            streak=str(user.factor_streak),
            failures="0",
            known_browser="yes" if known else "",
        )
        ends = self._now + timedelta(minutes=5)
        digest = secrets.digest(token)
        pending = OneTimeToken(PENDING_LOGIN, digest, person.user_id, self._now, ends, begun.stored())
        self.commit(one_time_tokens.Issue(pending))
        self.known.add(token)
        if emailed:
            code = login_codes.stored(pending, emailed, login_codes.salt(token), self._now)
            self.commit(one_time_tokens.Save(code))

    def change_login(self, person: Person, *, password_hash: str | None, disabled: bool = False) -> None:
        """Change the email identity's password or disable its login."""
        identity = replace(self._identity(person), verified=True, password_hash=password_hash, disabled=disabled)
        self.commit(identities.Replace(identity))

    def _identity(self, person: Person) -> Identity:
        return Identity(
            key=identities.email_key(person.email),
            user_id=person.user_id,
            email=person.email,
            name=person.name,
            created_at=self._now,
            updated_at=self._now,
            password_hash=HASHER.hash(person.password),
        )
