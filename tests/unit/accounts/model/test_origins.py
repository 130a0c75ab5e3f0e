"""Which origins may start a login, with every known trick (OA-12, OA-14)."""

import pytest

from accounts.model.origins import Allowlist, Origin, parse
from tests.unit.accounts.model.origin_texts import ALLOWED, MALFORMED, REFUSED, SITE_URL

ALLOWLIST = Allowlist(SITE_URL, ["https://app.example.net", "https://app.example.net:8443", "http://127.0.0.1:9", ""])


@pytest.mark.parametrize(("text", "spelling"), ALLOWED.items())
def test_an_allowed_origin_has_one_canonical_spelling(text: str, spelling: str) -> None:
    """However it is written; the canonical spelling is canonical itself."""
    origin = parse(text)

    assert (str(origin), ALLOWLIST.allows(origin), parse(spelling)) == (spelling, True, origin)


@pytest.mark.parametrize("text", REFUSED)
def test_an_origin_that_is_not_on_the_list_is_refused(text: str) -> None:
    """It is a valid origin."""
    origin = parse(text)

    assert (isinstance(origin, Origin), ALLOWLIST.allows(origin)) == (True, False)


@pytest.mark.parametrize("text", MALFORMED)
def test_an_ambiguous_origin_is_malformed(text: str) -> None:
    """It is not repaired as browsers do: each does it differently."""
    assert parse(text) is None
    assert not ALLOWLIST.allows(None)


def test_a_host_that_only_begins_or_ends_like_an_allowed_one_is_refused() -> None:
    """Text before or after an allowed name, with or without a dot."""
    for host in ("localhost", "comfy.org", "accounts.example.com", "app.example.net"):
        for text in (f"https://evil{host}", f"https://{host}.evil.com", f"https://{host}evil", f"https://evil-{host}"):
            assert (text, ALLOWLIST.allows(parse(text))) == (text, False)
