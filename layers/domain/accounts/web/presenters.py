"""Accounts, keys and sessions as JSON: each field is listed, so that none is exposed by accident (ASVS 15.3.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field
from msgspec.structs import asdict

from accounts.limits import FRESH_LOGIN
from accounts.model import user_agents
from accounts.web.timestamps import Timestamp, maybe, timestamp

if TYPE_CHECKING:
    from accounts.flows.people.activity import Entry
    from accounts.model import audit, identities, sessions, users
    from accounts.model.clients import Clients
    from accounts.model.resources import Resources

MailProblem = Literal["bounce", "complaint"]


class Customer(Struct):
    """An account, with the names that existing ComfyUI clients parse."""

    id: str
    email: str
    name: str
    created_at: Timestamp = field(name="createdAt")
    updated_at: Timestamp = field(name="updatedAt")


class SessionClient(Struct):
    id: str
    name: str


class SessionResource(Struct):
    name: str
    address: str


class Session(Struct):
    """A session, without its token.

    ``client`` is the program, or null for a browser; ``resource`` the service that its tokens are for, or null for this
    one. ``amr``, ``acr`` and ``auth_time`` say how the owner logged in, how strong that is, and when (RFC 8176,
    RFC 9470).
    """

    id: str
    current: bool
    client: SessionClient | None
    resource: SessionResource | None
    method: str
    remembered: bool
    amr: list[str]
    acr: str
    auth_time: Timestamp | None
    authenticated_at: Timestamp
    fresh_until: Timestamp
    last_seen_at: Timestamp
    expires_at: Timestamp
    source: str
    device: str
    user_agent: str


class Sessions(Struct):
    sessions: list[Session]


class CurrentSession(Struct):
    """The session of the cookie and its account. ``mail_problem``: emails to the address fail.

    ``enrolling``: the session only sets up a second factor.
    """

    customer: Customer
    session: Session
    email_shown: str
    mail_problem: MailProblem | None
    enrolling: bool


class Event(Struct):
    """An event of the account's history. ``device`` is empty when the request had no user agent."""

    event: str
    at: Timestamp
    source: str
    device: str
    detail: dict[str, str]


class Activity(Event):
    """Equal events of the account's history. ``at`` is the last, ``first_at`` the first, ``count`` their number."""

    count: int
    first_at: Timestamp


class Activities(Struct):
    activity: list[Activity]


def customer(account: users.User | identities.Identity) -> Customer:
    return Customer(
        id=account.user_id,
        email=account.email,
        name=account.name,
        created_at=timestamp(account.created_at),
        updated_at=timestamp(account.updated_at),
    )


def email_shown(address: str) -> str:
    """The address with the letters of an international domain, for pages."""
    if "xn--" not in address:
        return address
    from accounts.model import email_addresses  # noqa: PLC0415 - few addresses have one

    return email_addresses.shown(address)


def session(
    entry: sessions.Session, *, current: bool, known: Clients | None = None, resources: Resources | None = None
) -> Session:
    from accounts.model import assurance  # noqa: PLC0415 - most functions present no session

    client_id, address = entry.client_id, entry.resource
    name = known.name_of(client_id) if known else client_id
    service = resources.name_of(address) if resources else address
    return Session(
        id=entry.digest,
        current=current,
        client=SessionClient(client_id, name) if client_id else None,
        resource=SessionResource(service, address) if address else None,
        method=entry.method,
        remembered=entry.remembered,
        amr=list(assurance.amr(entry)),
        acr=assurance.acr(entry),
        auth_time=maybe(entry.auth_time),
        authenticated_at=timestamp(entry.authenticated_at),
        fresh_until=timestamp(entry.authenticated_at + FRESH_LOGIN),
        last_seen_at=timestamp(entry.last_seen_at),
        expires_at=timestamp(entry.expires_at),
        source=entry.caller.source,
        device=user_agents.describe(entry.caller.user_agent),
        user_agent=entry.caller.user_agent,
    )


def current_session(user: users.User, entry: sessions.Session) -> CurrentSession:
    return CurrentSession(
        customer=customer(user),
        session=session(entry, current=True),
        email_shown=email_shown(user.email),
        mail_problem=user.mail_problem,
        enrolling=entry.enrolling,
    )


def event(record: audit.Record, known: Clients | None = None) -> Event:
    agent, detail = record.caller.user_agent, record.shown
    if known and "client" in detail:
        detail["client"] = known.name_of(detail["client"])
    return Event(
        event=record.event,
        at=timestamp(record.at),
        source=record.caller.source,
        device=user_agents.describe(agent) if agent else "",
        detail=detail,
    )


def activity(entry: Entry, known: Clients | None = None) -> Activity:
    first_at = timestamp(entry.first_at)
    return Activity(**asdict(event(entry.record, known)), count=entry.count, first_at=first_at)
