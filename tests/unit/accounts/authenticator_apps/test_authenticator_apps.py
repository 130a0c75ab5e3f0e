"""RFC 6238 with the settings that every app supports."""

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree as ET

import pyotp
import pytest

from accounts.authenticator_apps import AuthenticatorApps

APPS = AuthenticatorApps()
# RFC 6238, appendix B, for SHA-1: the last six of the eight digits.
SECRET = base64.b32encode(b"12345678901234567890").decode()
VECTORS = {
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
    20000000000: "353130",
}
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
STEP = int(NOW.timestamp()) // 30


@pytest.mark.parametrize(("moment", "code"), VECTORS.items())
def test_the_vectors_of_the_rfc(moment: int, code: str) -> None:
    assert APPS.step(SECRET, code, datetime.fromtimestamp(moment, UTC)) == moment // 30


@pytest.mark.parametrize(
    ("seconds", "found"),
    [(-60.001, None), (-30, STEP), (-0.001, STEP), (0, STEP), (29.999, STEP), (30, STEP), (59.999, STEP), (60, None)],
)
def test_a_code_works_one_step_before_and_after_its_own(seconds: float, found: int | None) -> None:
    """``seconds`` is how far the service's clock is from the start of the code's step (MF-03)."""
    code = _code(NOW)

    assert APPS.step(SECRET, code, NOW + timedelta(seconds=seconds)) == found


@pytest.mark.parametrize("code", ["", "000000", "28708", "2870820", "٢٨٧٠٨٢"])
def test_a_wrong_code_has_no_step(code: str) -> None:
    assert APPS.step(SECRET, code, datetime.fromtimestamp(59, UTC)) is None


def test_a_secret_has_160_bits() -> None:
    """And is another one each time (MF-04)."""
    secrets = {APPS.new_secret() for _ in range(20)}

    assert len(secrets) == 20
    assert {len(base64.b32decode(secret)) for secret in secrets} == {20}


def test_the_uri_names_the_site_and_the_account() -> None:
    uri = urlsplit(APPS.uri(SECRET, "zoë+1@example.com", "Comfy & Co"))
    query = {name: values[0] for name, values in parse_qs(uri.query).items()}

    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert uri.path == "/Comfy%20%26%20Co:zo%C3%AB%2B1%40example.com"
    assert query == {"secret": SECRET, "issuer": "Comfy & Co"}


def test_the_image_is_part_of_the_page() -> None:
    """A ``data:`` URI: nothing is loaded, so no one else sees the secret. White behind it, also on dark pages."""
    kind, _, image = APPS.qr_code(APPS.uri(SECRET, "a@example.com", "Comfy")).partition(",")
    root = ET.fromstring(unquote(image))  # noqa: S314 - our own
    ground = root[0]

    assert kind == "data:image/svg+xml;charset=utf-8"
    assert root.tag.endswith("svg")
    assert ground.get("fill") == "#fff"


def _code(at: datetime) -> str:
    return pyotp.TOTP(SECRET).at(at)
