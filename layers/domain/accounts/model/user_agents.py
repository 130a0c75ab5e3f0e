"""What a client calls itself, in plain words: "Firefox on Windows".

The text is the client's to write, so none of it comes out again: every word that does is from the tables here, and a
stranger can put nothing of their own on a page or into a mail. Browsers pretend to be each other; of several names that
stand in a text, the one listed first is the one that the others do not claim.
"""

from __future__ import annotations

UNKNOWN = "an unknown device"
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
    ("Electron/", "a desktop app"),
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
# Programs that go by their own name, which comes first.
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
    ("okhttp/", "an Android app"),
    ("PostmanRuntime/", "Postman"),
)
WORDS = frozenset({name for table in (_BROWSERS, _SYSTEMS, _PROGRAMS) for _, name in table})


def describe(user_agent: str) -> str:
    """The browser and the system it runs on, or the program, as far as either is known."""
    program = next((name for sign, name in _PROGRAMS if user_agent.startswith(sign)), None)
    if program is not None:
        return program
    browser, system = _first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent)
    if browser and system:
        return f"{browser} on {system}"
    if system:
        return f"an unknown browser on {system}"
    return browser or UNKNOWN


def _first(table: tuple[tuple[str, str], ...], user_agent: str) -> str | None:
    return next((name for sign, name in table if sign in user_agent), None)
