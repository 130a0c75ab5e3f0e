"""Reports of leaked keys as HTTP, before their signature is checked."""

import base64
from copy import replace

import pytest

from accounts.errors import NotFound
from accounts.model.leak_reports import LeakMatch, SignedReport
from accounts.settings import Settings
from accounts.web import leak_reports, requests
from tests.unit.accounts.stage import NOW
from tests.unit.accounts.web.events import SETTINGS, event

# The longest in DER: two numbers of 33 bytes each.
LONGEST = bytes(range(72))


def read(signature: str, identifier: str = "a" * 64, settings: Settings = SETTINGS) -> SignedReport:
    headers = {
        "content-type": "application/json",
        "github-public-key-identifier": identifier,
        "github-public-key-signature": signature,
    }
    return leak_reports.read(requests.read(event(headers=headers, body="[]"), NOW), settings)


@pytest.mark.parametrize("signature", [b"0", LONGEST[:70], LONGEST[:71], LONGEST])
def test_a_report_is_read_with_its_signature(signature: bytes) -> None:
    assert read(base64.b64encode(signature).decode()) == SignedReport("a" * 64, signature, b"[]")


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "not base64!",
        "MEQ",
        "MEQ=\n",
        "MER=",
        "_-8=",
        "\u00e4",
        base64.b64encode(LONGEST + b"0").decode(),
        "MEQC" * 1000,
    ],
)
def test_anything_else_is_no_signature(signature: str) -> None:
    """Also another spelling of the same bytes, and one that is longer than any signature."""
    assert read(signature).signature == b""


def test_a_deployment_may_take_no_reports() -> None:
    off = Settings("dev", SETTINGS.site_url, {**SETTINGS.environ, "LEAK_REPORTS": "off"})
    with pytest.raises(NotFound):
        read("MEQ=", settings=off)


def test_no_answer_repeats_a_key() -> None:
    match = LeakMatch("comfyui-secret", "comfy_api_key")
    body = leak_reports.feedback([match, replace(match, token="")]).body

    assert body is not None
    assert "comfyui-secret" not in str(body)
    assert str(body).count("false_positive") == 2
