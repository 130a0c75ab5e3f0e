"""The cookies of a login, attribute by attribute."""

from datetime import timedelta

from accounts.flows.people.session_opening import LoggedIn
from accounts.model.identities import Identity
from accounts.model.sessions import Session
from accounts.web.cookies import login_cookies, no_session_cookies
from tests.unit.accounts.stage import EMAIL, NOW, later, sample_session
from tests.unit.accounts.web.events import TOKEN

ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"
# Scripts of the site read the hint.
READABLE = "Path=/; Secure; SameSite=Lax"
BROWSER_TOKEN = "d" * 43
IDENTITY = Identity(f"email#{EMAIL}", "u" * 28, EMAIL, "Olive", NOW, NOW)


def cookies(session: Session, device: str = "") -> tuple[str, ...]:
    """The cookies that the response sets."""
    return login_cookies(LoggedIn(identity=IDENTITY, token=TOKEN, session=session, browser_token=device))


def test_a_session_cookie_lasts_until_the_browser_closes() -> None:
    """``__Host-``, Secure, HttpOnly, SameSite=Lax, no Domain, no Max-Age (SE-04)."""
    assert cookies(sample_session())[0] == f"__Host-session={TOKEN}; {ATTRIBUTES}"


def test_a_hint_without_a_secret_is_set_beside_the_session_cookie() -> None:
    """For as long, and readable by scripts."""
    assert cookies(sample_session())[1] == f"__Host-session-hint=1; {READABLE}"
    remembered = sample_session(remembered=True, expires_at=later(days=30))
    assert cookies(remembered)[1] == f"__Host-session-hint=1; {READABLE}; Max-Age=2592000"


def test_a_remembered_session_lasts_thirty_days() -> None:
    """As long as the session can last."""
    remembered = sample_session(remembered=True, expires_at=later(days=30))

    assert cookies(remembered)[0] == f"__Host-session={TOKEN}; {ATTRIBUTES}; Max-Age=2592000"


def test_the_cookie_of_a_shorter_session_is_shorter() -> None:
    """As the deployment configures it."""
    remembered = sample_session(remembered=True, expires_at=later(days=2))

    assert cookies(remembered)[0] == f"__Host-session={TOKEN}; {ATTRIBUTES}; Max-Age=172800"


def test_the_browser_token_lasts_a_year() -> None:
    """It is set beside the session cookie, remembered or not."""
    year = int(timedelta(days=365).total_seconds())

    assert cookies(sample_session(), BROWSER_TOKEN) == (
        f"__Host-session={TOKEN}; {ATTRIBUTES}",
        f"__Host-session-hint=1; {READABLE}",
        f"__Host-device={BROWSER_TOKEN}; {ATTRIBUTES}; Max-Age={year}",
    )


def test_the_session_cookie_and_its_hint_are_deleted_with_the_same_attributes() -> None:
    """Otherwise browsers would keep them (SE-06)."""
    assert no_session_cookies() == (
        "__Host-session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0",
        "__Host-session-hint=; Path=/; Secure; SameSite=Lax; Max-Age=0",
    )
