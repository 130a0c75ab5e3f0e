"""An account as text for a terminal. Text from owners is printable: it was validated when it was stored."""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
_RECENT = 20


def title(found: Json) -> str:
    """The account in one line."""
    account = found["account"]
    named = f"{account['name']} <{account['email']}>" if account["name"] else account["email"]
    return f"{named} ({account['id']})"


def lines(found: Json) -> Iterator[str]:
    """The account and everything that belongs to it."""
    account = found["account"]
    yield title(found)
    yield f"  status    {account['status']}, since {account['createdAt']}"
    yield f"  email     {_mail(account['mail_problem'])}"
    yield f"  login     {_failures(found['failures'])}"
    yield f"  two-step  {_second_factor(found['second_factor'])}"
    yield from _table("Identities", map(_identity, found["identities"]))
    yield from _table("Passkeys", map(_passkey, found["passkeys"]))
    yield from _table("Sessions", map(_session, found["sessions"]))
    yield from _table("API keys", map(_key, found["api_keys"]))
    yield from _table("Activity", map(_event, found["activity"][:_RECENT]))


def _table(heading: str, rows: Iterator[str]) -> Iterator[str]:
    held = list(rows)
    yield f"{heading} ({len(held)})" if held else f"{heading}: none"
    yield from (f"  {row}" for row in held)


def _mail(problem: str | None) -> str:
    return f"no email is sent: {problem}" if problem else "no known delivery problem"


def _failures(failures: Json) -> str:
    if not failures["count"]:
        return "no failures in a row"
    wait = f"{failures['count']} failures in a row; the next attempt is allowed at {failures['wait_until']}"
    return f"{wait}; PASSWORD DISABLED until it is reset or unlocked" if failures["password_disabled"] else wait


def _second_factor(factor: Json) -> str:
    reset = f"; RESET REQUESTED from {factor['reset_at']}" if factor["reset_at"] else ""
    if not factor["on"]:
        return f"off{reset}"
    trusted = len(factor["trusted_browsers"])
    return f"on; recovery codes left: {factor['recovery_codes_left']}; trusted browsers: {trusted}{reset}"


def _passkey(entry: Json) -> str:
    return f"{entry['name']}  created {entry['created_at']}, used {entry['last_used_at'] or 'never'}"


def _identity(entry: Json) -> str:
    password = f"password {entry['password']}" if entry["provider"] == "email" else f"id {entry['subject']}"
    marks = ["disabled"] * entry["disabled"] + [f"mail {entry['undeliverable']}"] * bool(entry["undeliverable"])
    return "  ".join([f"{entry['provider']:8}", entry["email"], password, *marks])


def _session(entry: Json) -> str:
    client = f"program {entry['client']['name']}" if entry["client"] else entry["device"]
    return f"{entry['id'][:12]}  by {entry['method']}, seen {entry['last_seen_at']}, {entry['source']}, {client}"


def _key(entry: Json) -> str:
    used = entry["last_used_at"] or "never"
    ends = f", expires {entry['expires_at']}" if entry["expires_at"] else ""
    only = f", only from {' '.join(entry['networks'])}" if entry["networks"] else ""
    may = f", only for {' '.join(entry['scopes'])}" if entry["scopes"] else ""
    return f"{entry['key_prefix']}  {entry['name']}  created {entry['created_at']}, used {used}{ends}{only}{may}"


def _event(entry: Json) -> str:
    detail = ", ".join(f"{name} {value}" for name, value in sorted(entry["detail"].items()))
    return "  ".join(part for part in (entry["at"], entry["event"], entry["source"], detail) if part)
