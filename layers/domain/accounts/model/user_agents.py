"""The ``User-Agent`` header in plain words, such as "Firefox on Windows".

All words come from the tables here, so that an attacker cannot put text of their own on a page or into an email.
Pages and emails translate them. Browsers also claim to be others: the tables are ordered so that the first match is the
name that others do not claim.
"""

from __future__ import annotations

from datetime import datetime

from accounts.model.audit import Caller

UNKNOWN, UNKNOWN_BROWSER = "an unknown device", "an unknown browser"
DESKTOP_APP, ANDROID_APP = "a desktop app", "an Android app"
ON = " on "
_BROWSERS = (
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("OPT/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Electron/", DESKTOP_APP),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)
# Programs whose header starts with their name.
_PROGRAMS = (
    ("curl/", "curl"),
    ("Wget/", "Wget"),
    ("HTTPie/", "HTTPie"),
    ("python", "Python"),
    ("Python", "Python"),
    ("aiohttp", "Python"),
    ("node", "Node.js"),
    ("undici", "Node.js"),
    ("Go-http-client/", "Go"),
    ("okhttp/", ANDROID_APP),
    ("PostmanRuntime/", "Postman"),
)
WORDS = frozenset({name for table in (_BROWSERS, _SYSTEMS, _PROGRAMS) for _, name in table})


def describe(user_agent: str) -> str:
    """The browser and its system, or the program, as far as known."""
    program = next((name for sign, name in _PROGRAMS if user_agent.startswith(sign)), None)
    if program is not None:
        return program
    browser, system = _first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent)
    if browser and system:
        return f"{browser}{ON}{system}"
    if system:
        return f"{UNKNOWN_BROWSER}{ON}{system}"
    return browser or UNKNOWN


def _first(table: tuple[tuple[str, str], ...], user_agent: str) -> str | None:
    return next((name for sign, name in table if sign in user_agent), None)


def place(caller: Caller, at: datetime) -> dict[str, str]:
    """The fields of a message that say where something was done; ``at`` as ISO 8601."""
    browser = describe(caller.user_agent) if caller.user_agent else ""
    return {"browser": browser, "at": at.isoformat(), "source": caller.source}
