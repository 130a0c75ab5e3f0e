"""The example of a headless script, with the answers of RFC 8628."""

from collections.abc import Mapping
from typing import Any

import pytest

from examples import headless
from examples.headless import DEVICE_CODE, Refused

SITE = "https://accounts.example.com"
ASKED = {
    "device_code": "d",
    "user_code": "WDJB-MJHT",
    "verification_uri": f"{SITE}/device",
    "expires_in": 600,
    "interval": 5,
}
METADATA = {
    "device_authorization_endpoint": f"{SITE}/oauth/device_authorization",
    "token_endpoint": f"{SITE}/oauth/token",
}
TOKENS = {"access_token": "a", "refresh_token": "r"}


class Service:
    """A service that gives these answers, one after the other."""

    def __init__(self, *answers: dict[str, Any] | Refused) -> None:
        self.asked: list[tuple[str, Mapping[str, str] | None]] = []
        self.waited: list[float] = []
        self.told: list[str] = []
        self._answers = list(answers)

    def call(
        self, url: str, _headers: Mapping[str, str], form: Mapping[str, str] | None = None, method: str = "POST"
    ) -> dict[str, Any]:
        """Replaces the network."""
        assert method == ("GET" if form is None else "POST")
        self.asked.append((url.removeprefix(SITE), form))
        answer = self._answers.pop(0)
        if isinstance(answer, Refused):
            raise answer
        return answer

    def logged_in(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
        """Run the example."""
        monkeypatch.setattr(headless, "call", self.call)
        return headless.with_device(SITE, self.told.append, self.waited.append)


def refused(code: str) -> Refused:
    return Refused(400, {"error": code, "error_description": "No."})


def test_a_device_waits_until_the_owner_has_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the given interval, and slower when the service asks for it (RFC 8628 3.5)."""
    service = Service(METADATA, ASKED, refused("authorization_pending"), refused("slow_down"), TOKENS)

    assert service.logged_in(monkeypatch) == TOKENS
    assert service.told == [f"Open {SITE}/device on any device and enter WDJB-MJHT"]
    assert service.waited == [5, 5, 10]
    poll = ("/oauth/token", {"grant_type": DEVICE_CODE, "device_code": "d", "client_id": "comfy-cli"})
    assert service.asked == [
        ("/.well-known/oauth-authorization-server", None),
        ("/oauth/device_authorization", {"client_id": "comfy-cli", "scope": "account"}),
        poll,
        poll,
        poll,
    ]


@pytest.mark.parametrize("code", ["access_denied", "expired_token", "invalid_grant"])
def test_a_device_stops_when_it_is_refused(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """It does not ask again."""
    service = Service(METADATA, ASKED, refused(code))

    with pytest.raises(Refused, match=r"^No\.$"):
        service.logged_in(monkeypatch)
    assert service.waited == [5]


def test_a_deployment_without_device_codes_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """The metadata lists what the deployment offers."""
    with pytest.raises(SystemExit, match="Use an API key"):
        Service({"token_endpoint": "x"}).logged_in(monkeypatch)
