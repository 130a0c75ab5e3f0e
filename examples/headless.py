"""Logs a script in on a machine without a browser: with an API key, or with a code that is entered in any browser.

    COMFY_API_KEY=comfyui-... python examples/headless.py https://accounts.example.com
    python examples/headless.py https://accounts.example.com --device

Needs Python 3.10 and nothing else.
"""

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

Json = dict[str, Any]

CLIENT_ID = "comfy-cli"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


class Refused(Exception):
    """An error response, with its code and message."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        """``body`` is an error of the API or of the OAuth endpoints."""
        self.status = status
        self.code = str(body.get("error", "unreachable"))
        super().__init__(body.get("message") or body.get("error_description") or f"The service answered {status}.")


def call(url: str, headers: Mapping[str, str], form: Mapping[str, str] | None = None, method: str = "POST") -> Json:
    """Return the response; raises Refused, or OSError when the service cannot be reached."""
    body = urllib.parse.urlencode(form).encode() if form is not None else None
    request = urllib.request.Request(url, data=body, headers=dict(headers), method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return _read(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            raise Refused(error.code, _read(error.read())) from error


def account(site: str, headers: Mapping[str, str]) -> Json:
    """Return the account of the credential in ``headers``."""
    return call(f"{site}/customers", headers)


def with_key(site: str, key: str) -> Json:
    return account(site, {"X-API-KEY": key})


def with_device(site: str, tell: Callable[[str], None], wait: Callable[[float], None] = time.sleep) -> Json:
    """Return tokens, once the owner has entered the code in any browser (RFC 8628)."""
    metadata = call(f"{site}/.well-known/oauth-authorization-server", {}, method="GET")
    endpoint = metadata.get("device_authorization_endpoint")
    if endpoint is None:
        raise SystemExit("This deployment offers no login by a code. Use an API key.")
    asked = call(endpoint, {}, {"client_id": CLIENT_ID, "scope": "account"})
    tell(f"Open {asked['verification_uri']} on any device and enter {asked['user_code']}")
    interval = asked.get("interval", 5)
    while True:
        wait(interval)
        grant = {"grant_type": DEVICE_CODE, "device_code": asked["device_code"], "client_id": CLIENT_ID}
        try:
            return call(metadata["token_endpoint"], {}, grant)
        except Refused as refused:
            if refused.code == "slow_down":
                interval += 5
            elif refused.code != "authorization_pending":
                raise


def main() -> None:
    """Log in and print the account's address."""
    parser = argparse.ArgumentParser(description="Log in on a machine without a browser")
    parser.add_argument("site", nargs="?", default="http://localhost:8000")
    parser.add_argument("--device", action="store_true", help="with a code instead of an API key")
    options = parser.parse_args()
    site, key = options.site.rstrip("/"), os.environ.get("COMFY_API_KEY", "").strip()
    if not key and not options.device:
        parser.error("no API key: set COMFY_API_KEY, or log in by a code with --device")
    try:
        if options.device:
            tokens = with_device(site, lambda text: print(text, flush=True))
            customer = account(site, {"Authorization": f"Bearer {tokens['access_token']}"})
        else:
            customer = with_key(site, key)
    except Refused as refused:
        # 4xx: the credential or the request is wrong. 429 and 5xx: keep the key, and retry later.
        sys.exit(f"{refused.code}: {refused}")
    except OSError as error:
        sys.exit(f"The service cannot be reached: {error}")
    print(f"Logged in as {customer['email']}")


def _read(body: bytes) -> Json:
    try:
        read = json.loads(body)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


if __name__ == "__main__":
    main()
