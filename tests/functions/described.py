"""A client that no one configured, and the document that describes it."""

import json
from dataclasses import dataclass
from typing import Any

from tests.functions.clients import Program
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.machines import GRANT, Machine

CLIENT_ID = "https://client.example.com/oauth/client.json"
BACK = "https://client.example.com/back"
HOST = "client.example.com"


def publish(functions: Lambdas, fresh_seconds: int = 60, **changes: Any) -> None:
    """Let the function that fetches documents find this one."""
    document = {
        "client_id": CLIENT_ID,
        "client_name": "A client",
        "redirect_uris": [BACK, "http://127.0.0.1/callback"],
        "grant_types": ["authorization_code", "refresh_token", GRANT],
        "token_endpoint_auth_method": "none",
    }
    text = json.dumps(document | changes)
    functions.cloud.documents[CLIENT_ID] = {"text": text, "fresh_seconds": fresh_seconds}


@dataclass
class Described(Program):
    """A program with a document; ``seen`` is the fingerprint that the page has shown."""

    client_id: str = CLIENT_ID
    redirect_uri: str = BACK
    seen: str = ""

    def shown(self, cookie: str | None = None, **changes: str | None) -> Answer:
        answer = super().shown(cookie, **changes)
        if answer.status == 200 and "client" in answer.json:
            self.seen = answer.json["client"]["document"]["fingerprint"]
        return answer

    def answered(self, *given: Any, **changes: Any) -> Answer:
        return super().answered(*given, **{"fingerprint": self.seen, **changes})


def machine(functions: Lambdas) -> Machine:
    """A device whose program has a document."""
    return Machine(functions, CLIENT_ID)
