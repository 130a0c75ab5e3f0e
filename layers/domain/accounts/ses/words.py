"""The words of one email in its reader's language."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import reduce

from accounts import languages
from accounts.flows.mail.mails import Method, Value
from accounts.model import messages, user_agents

DEVICES = {
    user_agents.UNKNOWN: "device.unknown",
    user_agents.UNKNOWN_BROWSER: "device.unknown_browser",
    user_agents.DESKTOP_APP: "device.desktop_app",
    user_agents.ANDROID_APP: "device.android_app",
}
# What has a direction of its own: in a text from right to left, it is isolated (UAX #9).
_ISOLATED = frozenset({"client", "key", "name", "source", "source_before", "used_from", "networks", "scopes"})
_ISOLATE, _POP = "\u2068", "\u2069"
_ANY = {"networks": "any_network", "scopes": "everything"}


class Words:
    """Raises KeyError for texts that the email does not have."""

    def __init__(self, kind: str, language: str) -> None:
        self._sections = languages.read(language, "emails")
        self._isolates = languages.direction(language) == "rtl"
        self._own = {**self._sections["layout"], **self._sections["shared"], **self._sections[kind]}

    def text(self, name: str) -> str:
        """A text of the email, or one that several share."""
        return self._own[name]

    def fact(self, name: str) -> str:
        return self._sections["facts"][name]

    def worded(self, name: str, value: Value) -> str | bool:
        """The value as it is shown; empty when there is nothing to show."""
        match value:
            case datetime():
                return self._moment(value)
            case tuple():
                return self._listed(value)
            case None:
                return self._sections["values"]["never_used"] if name == "last_used" else ""
            case messages.ANY if name in _ANY:
                return self._sections["values"][_ANY[name]]
            case str():
                return self._text(name, value)
            case _:
                return value

    def _text(self, name: str, value: str) -> str:
        if name in {"browser", "used_with"}:
            return self._device(value)
        if name == "found_in":
            return self._sections["values"].get(f"found_in.{value}", "")
        return f"{_ISOLATE}{value}{_POP}" if value and self._isolates and name in _ISOLATED else value

    def _listed(self, methods: tuple[Method, ...]) -> str:
        """As in "Google, GitHub and your passkeys"; empty when there is none."""
        words = self._sections["values"]
        named = [words[method] for method in methods]
        if len(named) < 2:  # noqa: PLR2004 - a list of one needs no "and"
            return "".join(named)
        first = reduce(lambda before, after: words["comma"].format(first=before, second=after), named[:-1])
        return words["and"].format(first=first, second=named[-1])

    def _device(self, name: str) -> str:
        words = self._sections["values"]
        browser, on, system = name.partition(user_agents.ON)
        known = words[DEVICES[browser]] if browser in DEVICES else browser
        return words["device.on"].format(browser=known, system=system) if on else known

    def _moment(self, at: datetime) -> str:
        """In UTC: the reader's time zone is not known."""
        words, utc = self._sections["values"], at.astimezone(UTC)
        month = words[f"month.{utc.month}"]
        return words["moment"].format(day=utc.day, month=month, year=utc.year, time=f"{utc:%H:%M}")
