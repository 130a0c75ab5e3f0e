"""Unsafe requests with a cookie must come from the service's own pages (WB-01, WB-02, WB-05)."""

from itertools import cycle, product
from typing import Any

import pytest

from tests.functions import expected
from tests.functions.cloud import SITE_URL
from tests.functions.inventory import READABLE, SESSION_ROUTES, UNSAFE_WITH_COOKIE
from tests.functions.lambdas import Lambdas
from tests.functions.requests import SAMPLE_KEY, SAMPLE_TOKEN, request

FOREIGN = (
    "null",
    "",
    "https://evil.example",
    f"{SITE_URL}.evil.example",
    "https://evil-accounts.example.com",
    "https://evil.accounts.example.com",
    "https://example.com",
    f"{SITE_URL}:443",
    f"{SITE_URL}:8443",
    f"{SITE_URL}/",
    f"{SITE_URL}/auth",
    "https://ACCOUNTS.example.com",
    "HTTPS://accounts.example.com",
    "http://accounts.example.com",
    "https://accounts.example.com.",
    "https://evil@accounts.example.com",
    f"{SITE_URL}, https://evil.example",
    f"https://evil.example, {SITE_URL}",
    f"{SITE_URL} ",
    "http://127.0.0.1:8188",
    "http://localhost:8188",
    "file://",
    "*",
)
SITES = ("same-origin", "same-site", "cross-site", "none", None)
# One where only the pages may call, and one where any origin may.
EVERY_PAIR = {"password_change", "account_delete"}
SAME_ORIGIN = ((SITE_URL, "same-origin"), (SITE_URL, None), (None, "same-origin"))
NOT_SAME_ORIGIN = (
    (None, None),
    (None, "cross-site"),
    (None, "same-site"),
    (None, "none"),
    (None, "SAME-ORIGIN"),
    (None, "same-origin, same-origin"),
    (None, ""),
    (SITE_URL, "cross-site"),
    (SITE_URL, "same-site"),
    (SITE_URL, "none"),
    (SITE_URL, ""),
)


def _request(function: str, origin: str | None, site: str | None) -> dict[str, Any]:
    return request(function, cookie=SAMPLE_TOKEN, headers={"origin": origin, "sec-fetch-site": site})


def _arrange(functions: Lambdas) -> None:
    functions.people.as_sampled()


@pytest.mark.parametrize("function", UNSAFE_WITH_COOKIE)
def test_a_request_from_another_origin_changes_nothing(functions: Lambdas, function: str) -> None:
    """403 where only the pages may call; 401 where any origin may, as the cookie is ignored there.

    Whatever ``Sec-Fetch-Site`` says: two functions get every pair, the others every origin and every site.
    """
    _arrange(functions)
    pairs = product(FOREIGN, SITES) if function in EVERY_PAIR else zip(FOREIGN, cycle(SITES), strict=False)
    before = functions.cloud.tables()
    refused = (401, "not_authenticated") if function in READABLE else (403, "cross_site_request")
    for origin, site in pairs:
        answer = functions.invoke(function, _request(function, origin, site))
        assert (origin, site, answer.read) == (origin, site, expected.refusal(function, *refused))
        assert (answer.calls, answer.hashes) == ([], 0)
    assert functions.cloud.tables() == before


@pytest.mark.parametrize("function", UNSAFE_WITH_COOKIE)
def test_a_request_without_proof_of_its_origin_changes_nothing(functions: Lambdas, function: str) -> None:
    """Missing headers prove nothing, and ``Sec-Fetch-Site`` is believed."""
    _arrange(functions)
    before = functions.cloud.tables()
    for origin, site in NOT_SAME_ORIGIN:
        answer = functions.invoke(function, _request(function, origin, site))
        whole = expected.refusal(function, 403, "cross_site_request")
        assert (origin, site, answer.read) == (origin, site, whole)
        assert (answer.events, answer.calls, answer.hashes) == (["malicious_csrf"], [], 0)
    assert functions.cloud.tables() == before


@pytest.mark.parametrize("function", UNSAFE_WITH_COOKIE)
def test_a_request_from_the_services_own_pages_is_accepted(functions: Lambdas, function: str) -> None:
    """With either header: old browsers send only ``Origin``, some requests only ``Sec-Fetch-Site``."""
    for origin, site in SAME_ORIGIN:
        functions.restore(lambda: _arrange(functions))
        assert functions.invoke(function, _request(function, origin, site)).status < 300


@pytest.mark.parametrize("function", [name for name in SESSION_ROUTES if name not in UNSAFE_WITH_COOKIE])
def test_a_page_of_another_origin_cannot_read_with_the_cookie(functions: Lambdas, function: str) -> None:
    """A cross-site request is treated as if it had no cookie."""
    functions.people.arrange()
    for origin in FOREIGN:
        answer = functions.invoke(function, _request(function, origin, "cross-site"))
        assert (origin, answer.read) == (origin, expected.refusal(function, 401, "not_authenticated"))


@pytest.mark.parametrize("origin", [*FOREIGN, None])
def test_a_key_works_from_any_origin(functions: Lambdas, origin: str | None) -> None:
    """No browser adds the header by itself, so it needs no proof."""
    functions.people.arrange()
    event = request("account_open", key=SAMPLE_KEY, headers={"origin": origin, "sec-fetch-site": "cross-site"})

    assert functions.invoke("account_open", event).status == 200
