"""The second request of each route of passkeys: what an authenticator answers to the options of the first."""

from typing import Any

from msgspec.structs import asdict

from accounts.model.passkeys import public_id
from tests.authenticators import Authenticator
from tests.functions.lambdas import Answer
from tests.functions.requests import SAMPLE_CREDENTIAL, SAMPLE_TOKEN, SAMPLE_USER_ID, request

PATHS = {
    "passkey_create": "/auth/passkeys",
    "passkey_login": "/auth/login/passkey",
    "passkey_reauthenticate": "/auth/reauthenticate/passkey",
}


def answered(function: str, begun: Answer, device: Authenticator, **changes: Any) -> dict[str, Any]:
    """The request with the response of ``device`` to ``begun``, the answer to the request for options.

    ``changes`` replace fields of the body.
    """
    challenge = begun.json["challenge"]
    body = (
        asdict(device.create(challenge, SAMPLE_USER_ID))
        if function == "passkey_create"
        else asdict(device.sign(challenge))
    )
    logged_in = None if function == "passkey_login" else SAMPLE_TOKEN
    event = request(function, cookie=logged_in, body=body | changes, headers={"content-type": "application/json"})
    if function == "passkey_login":
        event["cookies"] = [line.split(";")[0] for line in begun.result["cookies"]]
    event["routeKey"] = event["requestContext"]["routeKey"] = f"POST {PATHS[function]}"
    event["rawPath"] = event["requestContext"]["http"]["path"] = PATHS[function]
    return event


def ends_with(function: str) -> str:
    """What a passkey was added with that ends with what the sample of ``function`` removes."""
    sample = Authenticator(credential=SAMPLE_CREDENTIAL)
    return public_id(sample.credential_id) if function == "passkey_remove" else "github"
