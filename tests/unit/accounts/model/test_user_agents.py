"""Browsers in plain words: real user agents are recognized, and text of a made-up one is never shown."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.model import user_agents
from tests.unit.accounts.stage import exactly

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
_WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT}"
_ANDROID = f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT}"
REAL = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0": "Firefox on Windows",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0": "Firefox on Linux",
    "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0": "Firefox on Android",
    f"{_IPHONE} FxiOS/140.0 Mobile/15E148 Safari/605.1.15": "Firefox on iPhone",
    f"{_ANDROID} Chrome/138.0.0.0 Mobile Safari/537.36": "Chrome on Android",
    f"{_WINDOWS} Chrome/138.0.0.0 Safari/537.36": "Chrome on Windows",
    f"{_IPHONE} CriOS/138.0.7204.119 Mobile/15E148 Safari/604.1": "Chrome on iPhone",
    f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {_WEBKIT} Chrome/138.0.0.0 Safari/537.36": "Chrome on ChromeOS",
    f"{_IPHONE} Version/18.5 Mobile/15E148 Safari/604.1": "Safari on iPhone",
    "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
    "Mobile/15E148 Safari/604.1": "Safari on iPad",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
    "Safari/605.1.15": "Safari on Mac",
    f"{_WINDOWS} Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0": "Edge on Windows",
    f"{_ANDROID} Chrome/138.0.0.0 Mobile Safari/537.36 EdgA/138.0.0.0": "Edge on Android",
    f"{_IPHONE} Version/18.0 EdgiOS/138.0.3351.65 Mobile/15E148 Safari/604.1": "Edge on iPhone",
    f"{_WINDOWS} Chrome/137.0.0.0 Safari/537.36 OPR/121.0.0.0": "Opera on Windows",
    f"{_IPHONE} Version/18.5 Mobile/15E148 Safari/604.1 OPT/5.5.1": "Opera on iPhone",
    f"{_WINDOWS} Chrome/138.0.0.0 Safari/537.36 Vivaldi/7.5": "Vivaldi on Windows",
    f"{_ANDROID} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36": "Samsung Internet on Android",
    f"{_WINDOWS} ComfyUI/0.4.60 Chrome/136.0.7103.93 Electron/36.2.0 Safari/537.36": "a desktop app on Windows",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15": "an unknown browser on iPhone",
    "Mozilla/5.0 (compatible; Konqueror/4.5; Windows 4.0)": "an unknown browser on Windows",
    "Firefox/140.0": "Firefox",
    "curl/8.5.0": "curl",
    "Wget/1.24.5": "Wget",
    "HTTPie/3.2.4": "HTTPie",
    "python-requests/2.32.4": "Python",
    "python-httpx/0.28.1": "Python",
    "Python-urllib/3.13": "Python",
    "Python/3.13 aiohttp/3.12.13": "Python",
    "aiohttp/3.12.13": "Python",
    "node": "Node.js",
    "undici": "Node.js",
    "Go-http-client/2.0": "Go",
    "okhttp/4.12.0": "an Android app",
    "PostmanRuntime/7.44.1": "Postman",
    "ComfyThing/1.0": user_agents.UNKNOWN,
    "": user_agents.UNKNOWN,
}
POSSIBLE = (
    {user_agents.UNKNOWN}
    | user_agents.WORDS
    | {
        f"{browser} on {system}"
        for browser in (*user_agents.WORDS, "an unknown browser")
        for system in user_agents.WORDS
    }
)
_SIGNS = sorted(
    sign for table in (user_agents._BROWSERS, user_agents._SYSTEMS, user_agents._PROGRAMS) for sign, _ in table
)


@pytest.mark.parametrize("user_agent", REAL)
def test_a_real_browser_is_recognized(user_agent: str) -> None:
    """By the name that its owner would use."""
    assert user_agents.describe(user_agent) == REAL[user_agent]


def test_every_word_of_the_tables_matches_a_real_user_agent() -> None:
    """Otherwise it would be a guess."""
    used = {sign for sign in _SIGNS if any(sign in agent for agent in REAL)}
    assert set(_SIGNS) - used == set()


@exactly
@given(st.lists(st.sampled_from(_SIGNS) | st.text(max_size=20)).map("".join))
def test_only_the_services_own_words_are_shown(user_agent: str) -> None:
    """Whatever a client calls itself."""
    assert user_agents.describe(user_agent) in POSSIBLE


@pytest.mark.parametrize(
    "attack",
    [
        "Firefox on Windows. Not you? Call +1 555 0100",
        "Firefox/140.0 on your bank's computer, see https://evil.example (Windows)",
        "<script>alert(1)</script> Firefox/1 Windows",
        "curl/8\r\nSubject: you have won",
        "\u202ewindows no xoferiF Firefox/1",
    ],
)
def test_an_attackers_text_is_not_shown(attack: str) -> None:
    """It is searched for known names, and dropped."""
    assert user_agents.describe(attack) in {"an unknown browser on Windows", "Firefox on Windows", "curl", "Firefox"}


def test_a_long_text_is_read_quickly() -> None:
    """A hundred thousand characters cost a few searches (IN-07)."""
    texts = ["Mozilla/5.0 (" * 10_000, "Edg" * 40_000, "(" * 100_000, "Window" * 20_000]
    start = time.process_time()
    described = [user_agents.describe(text) for text in texts]

    assert (described, time.process_time() - start < 0.05 * len(texts)) == ([user_agents.UNKNOWN] * len(texts), True)
