"""A device without a browser: its requests, the code that its owner types, and its tokens."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from tests.functions.clients import handed_out
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.requests import SAMPLE_TOKEN, request

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass
class Machine:
    """A rented GPU machine that runs a known client."""

    functions: Lambdas
    client_id: str = "comfy-cli"

    def asks(
        self, source: str | None = None, headers: dict[str, str | None] | None = None, **changes: str | None
    ) -> Answer:
        """Request a device code and a user code."""
        asked = {"client_id": self.client_id, "scope": "account"} | changes
        body = urlencode({name: value for name, value in asked.items() if value is not None})
        event = request("device_authorize", body=body, source=source, headers=headers)
        answer = self.functions.invoke("device_authorize", event)
        if answer.status == 200:
            handed_out(self.functions, answer.json["device_code"])
            handed_out(self.functions, answer.json["user_code"])
            self.functions.issued.add(answer.json["user_code"].replace("-", ""))
        return answer

    def codes(self) -> tuple[str, str]:
        """The device code and the user code."""
        answer = self.asks()
        assert answer.status == 200, answer.json
        return answer.json["device_code"], answer.json["user_code"]

    def typed(self, user_code: str, *, cookie: str | None = SAMPLE_TOKEN, **more: Any) -> Answer:
        """The response to the person who types the code."""
        return self.functions.invoke(
            "device_consent", self.event({"user_code": user_code}, "/request", cookie=cookie, **more)
        )

    def answered(
        self,
        user_code: str,
        decision: str = "allow",
        *,
        fingerprint: str = "",
        cookie: str | None = SAMPLE_TOKEN,
        **more: Any,
    ) -> Answer:
        """The response to the decision of the person who was shown the client with ``fingerprint``."""
        body = {"user_code": user_code, "decision": decision, "fingerprint": fingerprint}
        return self.functions.invoke("device_consent", self.event(body, cookie=cookie, **more))

    def event(self, body: dict[str, str], end: str = "", **more: Any) -> dict[str, Any]:
        """A request of the hosted page."""
        event = request("device_consent", body=body, **more)
        path = f"/oauth/device{end}"
        event["rawPath"] = event["requestContext"]["http"]["path"] = path
        event["routeKey"] = event["requestContext"]["routeKey"] = f"POST {path}"
        return event

    def allowed(self) -> str:
        """A device code that a person has allowed."""
        device_code, user_code = self.codes()
        assert self.typed(user_code).status == 200
        assert self.answered(user_code).status == 204
        return device_code

    def polls(self, device_code: str, /, **changes: str | None) -> Answer:
        """Poll the token endpoint."""
        answer = self.functions.invoke("client_token", self.poll(device_code, **changes))
        if answer.status == 200:
            handed_out(self.functions, answer.json["access_token"])
            handed_out(self.functions, answer.json["refresh_token"])
        return answer

    def poll(self, device_code: str, /, **changes: str | None) -> dict[str, Any]:
        """The request that polls the token endpoint."""
        asked = {"grant_type": GRANT, "device_code": device_code, "client_id": self.client_id} | changes
        return request("client_token", body=urlencode({name: it for name, it in asked.items() if it is not None}))

    def wait(self, seconds: float) -> None:
        """Advance the clock."""
        self.functions.clock.now += timedelta(seconds=seconds)


def is_user_code(text: str) -> bool:
    """Eight consonants that are hard to confuse, in two halves (RFC 8628 6.1)."""
    return re.fullmatch("[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", text) is not None
