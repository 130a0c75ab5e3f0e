"""The session cookie, attribute by attribute."""

from accounts.web.cookies import no_session_cookie, session_cookie
from tests.unit.accounts.stage import later, sample_session
from tests.unit.accounts.web.events import TOKEN


def test_a_session_lasts_as_long_as_the_browser_is_open() -> None:
    """``__Host-``, Secure, HttpOnly, SameSite=Lax, no Domain, no Max-Age (SE-04)."""
    line = session_cookie(TOKEN, sample_session())

    assert line == f"__Host-session={TOKEN}; Path=/; Secure; HttpOnly; SameSite=Lax"


def test_a_remembered_session_lasts_thirty_days() -> None:
    """The cookie lives as long as the session can."""
    line = session_cookie(TOKEN, sample_session(remembered=True, expires_at=later(days=30)))

    assert line == f"__Host-session={TOKEN}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=2592000"


def test_it_is_taken_away_with_the_same_attributes() -> None:
    """Or browsers would keep the other one (SE-06)."""
    assert no_session_cookie() == "__Host-session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"
