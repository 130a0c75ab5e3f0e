"""Programs and devices that log in to Olive's account."""

from collections.abc import Mapping
from copy import copy
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from accounts import secrets
from accounts.flows.clients.client_consent import Question
from accounts.flows.clients.client_sessions import Tokens
from accounts.flows.people.session_opening import LoggedIn
from accounts.model import clients, one_time_tokens, sessions
from accounts.model.audit import Caller, Record
from accounts.model.clients import COMFY_CLI, COMFY_LOCAL_WEB
from accounts.model.consents import ALLOW
from accounts.model.device_codes import Codes
from accounts.model.one_time_tokens import PASSWORD_RESET, USED_CODE, OneTimeToken, UsedCode
from accounts.model.resources import MEANINGS, OWN, Resource
from accounts.model.sessions import LONGEST, Session
from accounts.transactions import Change, Conflict
from tests.unit.accounts.stage import NOW, OWNER, Service, cookie

CLIENT, OTHER_CLIENT = COMFY_CLI, COMFY_LOCAL_WEB
# RFC 7636, appendix B.
VERIFIER, CHALLENGE = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
PROGRAM = Caller("198.51.100.7", "comfy-cli/1.0")
DEVICE = Caller("198.51.100.8", "curl/8.0")
QUESTION = Question(
    client=clients.load().by_id[CLIENT],
    redirect_uri="http://127.0.0.1:49152/callback",
    state="the state",
    resource=Resource(OWN, "", MEANINGS),
    scope="account",
    challenge=CHALLENGE,
)
# Text that has the form of a token and is none.
NO_TOKEN = "x" * 43


class Refusing:
    """Transactions that conflict every time, and count."""

    def __init__(self) -> None:
        self.times = 0

    def commit(self, *changes: Change) -> None:
        self.times += 1
        raise Conflict(*changes)


def query(url: str) -> dict[str, str]:
    """The parameters that a redirect carries."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query, strict_parsing=True).items()}


def allowed(service: Service, owner: LoggedIn, now: datetime = NOW) -> str:
    """The code that a program gets after the owner's click."""
    return query(service.client_consent.allow(owner.session, QUESTION, NOW, now))["code"]


def find_code(service: Service, code: str, now: datetime = NOW) -> OneTimeToken:
    """The code, presented by the program that asked for it."""
    return service.client_login.find(code, CLIENT, PROGRAM, now)


def exchanged(service: Service, code: str, now: datetime = NOW) -> Tokens:
    """The tokens for a code."""
    return service.client_login.redeem(find_code(service, code, now), PROGRAM, now)


def logged_in(service: Service, owner: LoggedIn, now: datetime = NOW) -> Tokens:
    """The tokens of a program that has logged in."""
    return exchanged(service, allowed(service, owner, now), now)


def refreshed(service: Service, token: str, now: datetime = NOW) -> Tokens:
    """The next pair of tokens."""
    return service.token_refresh.exchange(
        token, service.token_refresh.find(token, PROGRAM, now), "account", PROGRAM, now
    )


def codes(service: Service, now: datetime = NOW) -> Codes:
    """The codes of a device that asks to log in."""
    return service.device_authorization.ask(CLIENT, OWN, "account", DEVICE, now)


def entered(service: Service, owner: LoggedIn, now: datetime = NOW) -> Codes:
    """The codes of a device after the owner has entered the short one."""
    found = codes(service, now)
    service.device_consent.question(found.user_code, owner.session, OWNER, now)
    return found


def answer(service: Service, found: Codes, owner: LoggedIn, decision: str = ALLOW, now: datetime = NOW) -> None:
    """The owner's click."""
    service.device_consent.answer(found.user_code, decision, owner.session, OWNER, now)


def find_device(service: Service, device_code: str, now: datetime = NOW) -> OneTimeToken:
    """The device code, presented by the program that asked for it."""
    return service.device_login.find(device_code, CLIENT, DEVICE, now)


def log_out(service: Service, owner: LoggedIn, now: datetime = NOW) -> None:
    """The owner logs out in the browser."""
    service.logout.here(cookie(owner), OWNER, now)


def expected_session(owner: LoggedIn, tokens: Tokens, caller: Caller, now: datetime) -> Session:
    """The session of a program, as it must be stored after its login at ``now``."""
    found_by, refresh = halves(tokens.refresh_token)
    return Session(
        digest=found_by,
        user_id=owner.session.user_id,
        method=owner.session.method,
        remembered=True,
        authenticated_at=now,
        last_seen_at=now,
        expires_at=now + LONGEST.remembered.absolute,
        idle=LONGEST.remembered.idle,
        caller=caller,
        client_id=CLIENT,
        scope="account",
        refresh=refresh,
        proven_at=owner.session.authenticated_at,
    )


def mark(used: OneTimeToken, tokens: Tokens, now: datetime) -> OneTimeToken:
    """What must be stored in place of a code that was exchanged at ``now``."""
    session, _ = halves(tokens.refresh_token)
    forgotten_at = now + timedelta(minutes=10)
    return OneTimeToken(USED_CODE, used.digest, used.subject, now, forgotten_at, UsedCode(session).stored())


def halves(refresh_token: str) -> tuple[str, str]:
    """The digests of both halves."""
    found_by, refresh = refresh_token.split(".")
    return secrets.digest(found_by), secrets.digest(refresh)


def programs(service: Service) -> list[Session]:
    """The stored sessions of programs."""
    return [session for session in service.world.sessions.values() if session.client_id]


def recorded(service: Service) -> list[Record]:
    """The audit records, each without the random part of its id."""
    return [Record(it.user_id, it.event, it.at, it.caller, it.detail, "") for it in service.world.records]


def reuse_record(owner: LoggedIn, session: str, caller: Caller, now: datetime) -> Record:
    """The audit record of a code or token that was used twice."""
    return Record(owner.session.user_id, "authn_token_reuse", now, caller, {"session": session}, "")


def counters(service: Service) -> dict[str, int]:
    """Each counter without the number of its window, but not that of signatures, which every login raises."""
    counted = {key.rpartition("#")[0]: counter.count for key, counter in service.world.counters.items()}
    return {name: count for name, count in counted.items() if not name.startswith("signature#")}


def stored(service: Service) -> Mapping[str, Any]:
    """Everything in the tables but the counters of limits, which count refused attempts too."""
    tables = ("users", "identities", "sessions", "api_keys", "tokens", "records")
    return {name: copy(getattr(service.world, name)) for name in tables}


def reset_token(service: Service, owner: LoggedIn) -> str:
    """A live one-time token of the owner that is no code."""
    user_id, lifetime = owner.session.user_id, timedelta(minutes=30)
    plaintext, token = one_time_tokens.issue(PASSWORD_RESET, user_id, lifetime=lifetime, now=NOW)
    service.world.commit(one_time_tokens.Issue(token))
    return plaintext


def browser_refresh_token(owner: LoggedIn) -> str:
    """A text with the form of a refresh token whose first half finds the browser's session."""
    return sessions.refresh_token(owner.token, NO_TOKEN)
