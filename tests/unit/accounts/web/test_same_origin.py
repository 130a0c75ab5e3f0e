"""Whether a request comes from the site's own pages: browsers say so in two headers that pages cannot forge."""

import pytest

from accounts.errors import CrossSiteRequest
from accounts.web import same_origin
from tests.unit.accounts.stage import SITE_URL
from tests.unit.accounts.web.events import request

_TABLE = [
    # Origin, Sec-Fetch-Site, whether it proves its own origin, whether it says that it is foreign.
    (SITE_URL, "same-origin", True, False),
    (SITE_URL, None, True, False),
    (None, "same-origin", True, False),
    (None, None, False, False),
    (None, "none", False, False),
    (None, "same-site", False, False),
    (None, "cross-site", False, False),
    (SITE_URL, "same-site", False, False),
    (SITE_URL, "cross-site", False, False),
    (SITE_URL, "none", False, False),
    (SITE_URL, "", False, False),
    ("", None, False, True),
    ("", "same-origin", False, True),
    ("null", None, False, True),
    ("null", "same-origin", False, True),
    ("https://evil.example", "cross-site", False, True),
    ("https://evil.example", "same-origin", False, True),
    ("https://evil.example", None, False, True),
    (SITE_URL + ".evil.example", None, False, True),
    (SITE_URL + ":444", None, False, True),
    (SITE_URL + "/", None, False, True),
    (SITE_URL.upper(), None, False, True),
    (SITE_URL.replace("https", "http"), None, False, True),
    ("https://evil-accounts.example.com", None, False, True),
    ("https://x.accounts.example.com", "same-site", False, True),
    ("https://example.com", "same-site", False, True),
    ("http://127.0.0.1:8188", None, False, True),
    ("http://localhost:8188", "same-site", False, True),
    (f"{SITE_URL},{SITE_URL}", None, False, True),
    (f"{SITE_URL}, https://evil.example", None, False, True),
]


@pytest.mark.parametrize(("origin", "fetch_site", "own", "foreign"), _TABLE)
def test_only_the_sites_own_origin_is_proof(
    origin: str | None, fetch_site: str | None, *, own: bool, foreign: bool
) -> None:
    """The exact origin, with no header that contradicts it; missing headers prove nothing (WB-01)."""
    said = {"origin": origin, "sec-fetch-site": fetch_site}
    sent = request(headers={name: value for name, value in said.items() if value is not None})

    assert same_origin.is_own(sent, SITE_URL) is own
    assert same_origin.is_foreign(sent, SITE_URL) is foreign


def test_a_request_without_proof_is_refused() -> None:
    """The error says what a script must send."""
    with pytest.raises(CrossSiteRequest) as refusal:
        same_origin.require_own(request(headers={"origin": "null"}), SITE_URL)

    assert refusal.value.message == CrossSiteRequest.default_message
    assert same_origin.require_own(request(headers={"origin": SITE_URL}), SITE_URL) is None


@pytest.mark.parametrize("name", ["referer", "host", "x-forwarded-host", "forwarded"])
def test_no_other_header_is_proof(name: str) -> None:
    """Not the Referer, and no header that a client may set."""
    assert not same_origin.is_own(request(headers={name: SITE_URL}), SITE_URL)
