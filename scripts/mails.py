"""The gallery of all emails, with sample values. `make mails` writes it and prints its path.

It shows subject, text and HTML, light and dark. With Chromium, it also takes screenshots at desktop and phone width.
"""

import html
import shutil
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "layers" / "domain"))

from accounts.flows.mail import mails
from accounts.flows.mail.mails import Content, Mail
from accounts.model import messages
from accounts.model.brand import Brand
from accounts.ses import postman

GALLERY = Path(__file__).parents[1] / ".local" / "mails"
SITE_URL = "https://accounts.example.com"
BRAND = Brand("Comfy", "#1a56db", "#8ab4ff", "https://example.com/support", "https://example.com/terms")
# As long as a real token.
_TOKEN = "sample-token-that-opens-nothing-0123456789a"  # noqa: S105
_ADDRESS = "email=ann@example.com"
_CONFIRM = f"{SITE_URL}/verify-email#token={_TOKEN}"
_RESET = f"{SITE_URL}/reset-password#token={_TOKEN}&{_ADDRESS}"
_AT = datetime(2026, 11, 22, 9, 14, tzinfo=UTC)
_LOGIN = ("Firefox on Windows", _AT, "203.0.113.7")
_KEY = "comfyui-Ab12Cd34…"
_PLACED: Mapping[str, Any] = {"browser": _LOGIN[0], "at": _AT, "source": _LOGIN[2]}
_OF_KEY: Mapping[str, Any] = {"key": _KEY, **_PLACED}
_LEAKED_AT = "https://github.com/octocat/Hello-World/blob/12345600b9cbe38a219f39a9941c9319b600c002/foo/bar.txt"
_CONTENTS = (
    mails.ConfirmEmail(f"{_CONFIRM}&{_ADDRESS}"),
    mails.ConfirmProviderEmail(f"{_CONFIRM}&with=github&{_ADDRESS}", "GitHub"),
    mails.AlreadyRegistered(),
    mails.PasswordForgot(_RESET),
    mails.PasswordForgotWithoutPassword(_RESET, ("google", "github")),
    mails.PasswordReset(("google",), **_PLACED),
    mails.PasswordChanged(**_PLACED),
    mails.PasswordRevoked(),
    mails.PasswordSet(**_PLACED),
    mails.EmailChange(f"{_CONFIRM}&change=1&{_ADDRESS}"),
    mails.EmailChangeAsked(**_PLACED),
    mails.EmailChanged(**_PLACED),
    mails.LoginNewBrowser(*_LOGIN),
    mails.LoginAfterFailures(*_LOGIN),
    mails.LoginCode(*_LOGIN, "042917", _AT + timedelta(minutes=10)),
    mails.LoginsDelayed(*_LOGIN, in_known_browser=False),
    mails.PasswordClosed(*_LOGIN, in_known_browser=True),
    mails.ClientLoggedIn(*_LOGIN, "Comfy CLI"),
    mails.IdentityLinked("Google", **_PLACED),
    mails.IdentityUnlinked("GitHub", password_removed=True, passkeys_removed=True, methods=("google",), **_PLACED),
    mails.PasskeyCreated("Chrome on Windows", **_PLACED),
    mails.PasskeyRemoved(password_removed=True, passkeys_removed=True, **_PLACED),
    mails.PasskeyCopied(*_LOGIN, "Chrome on Windows"),
    mails.SecondFactorTurnedOn(**_PLACED),
    mails.SecondFactorTurnedOff(**_PLACED),
    mails.RecoveryCodesReplaced(**_PLACED),
    mails.SecondFactorFailed(*_LOGIN),
    mails.RecoveryCodeUsed(*_LOGIN),
    mails.SecondFactorResetRequested(_AT),
    mails.SecondFactorResetCancelled(**_PLACED),
    mails.SecondFactorReset(**_PLACED),
    mails.PasswordRemoved(("google", "passkeys"), **_PLACED),
    mails.ApiKeyCreated("Workshop computer", **_OF_KEY),
    mails.ApiKeyRotated("Workshop computer", _AT, **_OF_KEY),
    mails.ApiKeyLoosened("Workshop computer", "203.0.113.0/24, 2001:db8::/32", messages.ANY, **_OF_KEY),
    mails.ApiKeyDeleted("Workshop computer", **_OF_KEY),
    mails.ApiKeyExpiring("Workshop computer", _KEY, _AT, _AT, "Python", "198.51.100.7"),
    mails.ApiKeyNewNetwork("Workshop computer", _AT, "198.51.100.7", **_OF_KEY),
    mails.ApiKeyLeaked("Workshop computer", _LEAKED_AT, "commit", _AT, "Python", "198.51.100.7"),
)
SAMPLES: Mapping[str, Content] = {content.template: content for content in _CONTENTS}
"""Every email by its template, in the order of the gallery."""

# They go to an address that is not the account's, or not confirmed.
_WITHOUT_GREETING = frozenset({"confirm_email", "confirm_provider_email", "email_change", "email_changed"})
_DARK = "@media (prefers-color-scheme: dark)"
_STYLE = """
body { margin: 2rem; background: #fff; color: #14171a; font: 16px/1.5 system-ui, sans-serif; }
section { margin: 0 0 3rem; } h2 { margin: 0; font-size: 1.1rem; } .kind { margin: 0 0 .5rem; color: #5b6570; }
.views { display: grid; grid-template-columns: minmax(16rem, 1fr) repeat(2, minmax(16rem, 1.4fr)); gap: 1rem; }
pre, iframe { box-sizing: border-box; width: 100%; height: 44rem; margin: 0; border: 1px solid #dde1e6; }
pre { overflow: auto; padding: 1rem; white-space: pre-wrap; overflow-wrap: anywhere; }
"""


def rendered(kind: str) -> tuple[str, str, str]:
    """Subject, text and HTML."""
    greeted = "" if kind in _WITHOUT_GREETING else "Ann"
    return postman.render(kind, Mail("", SAMPLES[kind], SITE_URL, greeted=greeted).values, BRAND)


def write(folder: Path) -> Path:
    """Write the gallery into ``folder``, which is deleted first; returns the path of the index page."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for kind in SAMPLES:
        _, text, body = rendered(kind)
        # Independent of the reader's own color scheme.
        light, dark = (body.replace(_DARK, f"@media {answer}") for answer in ("not all", "all"))
        for name, content in (("txt", text), ("light.html", light), ("dark.html", dark)):
            (folder / f"{kind}.{name}").write_text(content, encoding="utf-8")
    index = folder / "index.html"
    index.write_text("".join(_page()), encoding="utf-8")
    return index


def take_pictures(folder: Path, chromium: str) -> int:
    """Take a screenshot of each email, light and dark, at desktop and phone width; returns how many."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - takes a second, and is needed with Chromium only

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    taken = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        for place, width in (("desktop", 800), ("phone", 375)):
            page = browser.new_page(viewport={"width": width, "height": 400})
            for mail in sorted(folder.glob("*.html")):
                if mail.name != "index.html":
                    page.goto(mail.as_uri())
                    page.screenshot(path=mail.with_suffix(f".{place}.png"), full_page=True)
                    taken += 1
        browser.close()
    return taken


def main() -> None:
    """Write the gallery, take screenshots if Chromium is installed, and print the paths."""
    print(f"All emails, side by side: {write(GALLERY)}")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium:
        print(f"{take_pictures(GALLERY, chromium)} screenshots: {GALLERY}/*.png")
    else:
        print("No screenshots: Chromium is not installed.")


def _page() -> Iterator[str]:
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Emails</title>'
    yield f"<style>{_STYLE}</style></head><body><h1>Emails</h1>"
    for kind in SAMPLES:
        subject, text, _ = rendered(kind)
        yield f'<section><h2>{html.escape(subject)}</h2><p class="kind">{kind}</p><div class="views">'
        yield f"<pre>{html.escape(text)}</pre>"
        for view in ("light", "dark"):
            yield f'<iframe src="{kind}.{view}.html" title="{kind}, {view}" sandbox></iframe>'
        yield "</div></section>"
    yield "</body></html>"


if __name__ == "__main__":
    main()
