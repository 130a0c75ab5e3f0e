"""Events as API Gateway sends them (HTTP API, payload 2.0), and the requests that are read from them."""

from collections.abc import Mapping, Sequence
from typing import Any

from accounts.settings import Settings
from accounts.web import requests
from accounts.web.requests import Request
from tests.unit.accounts.stage import NOW, SITE_URL

SETTINGS = Settings(
    "dev",
    SITE_URL,
    {
        "SITE_NAME": "Comfy",
        "ACCENT_COLOR": "#1a56db",
        "ACCENT_COLOR_DARK": "#8ab4ff",
        "SUPPORT_URL": "https://support.example.com/?a=1&b=2",
        "PASSWORD_MIN_CHARACTERS": "15",
        "SECOND_FACTOR": "optional",
        "CONFIRM_NEW_BROWSERS": "off",
        "WALKTHROUGH_URL": "https://docs.example.com",
    },
)
TOKEN = "t" * 43
OWN = {"origin": SITE_URL, "sec-fetch-site": "same-origin"}


def event(
    method: str = "GET",
    path: str = "/",
    *,
    headers: Mapping[str, str] | None = None,
    cookies: Sequence[str] = (),
    body: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    """One event; ``more`` adds fields at its top level."""
    http = {"method": method, "path": path, "sourceIp": "192.0.2.1", "userAgent": "from the gateway"}
    fields: dict[str, Any] = {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": dict(headers or {}),
        "requestContext": {"requestId": "request-1", "http": http},
    }
    if cookies:
        fields["cookies"] = list(cookies)
    if body is not None:
        fields["body"] = body
    return {**fields, **more}


def request(method: str = "GET", path: str = "/", **parts: Any) -> Request:
    """One request, received at NOW."""
    return requests.read(event(method, path, **parts), NOW)


def json_request(body: str, content_type: str = "application/json", **more: Any) -> Request:
    """A POST with that body."""
    return request("POST", "/", headers={"content-type": content_type}, body=body, **more)
