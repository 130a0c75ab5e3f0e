"""Examples: of requests, the samples of `events/`; of responses, made up from their schemas."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from accounts import secrets
from accounts.model.passkeys import ALGORITHMS
from scripts.openapi import schemas
from scripts.openapi.operation import Answer, Operation
from scripts.openapi.schemas import Schema
from scripts.sam_local import made_up, samples

# The samples' own secrets open accounts of the tests, which look for them in every response.
_TOKEN, _HALF = "example-token-of-the-openapi-document-00000", "example-refresh-of-the-openapi-document-000"
VALUES: Mapping[str, str] = made_up.VALUES | {
    "api_key": "comfyui-ExampleKeyOfTheOpenApiDocumentExampleKeyOfTheOpenApiDocume2knRzM",
    "password": "example passphrase of the document",
    "authorization_code": "example-code-of-the-openapi-document-000000",
    "refresh_token": f"{_HALF}.{_HALF}",
    "user_code": "xmpl-cdxx",
    **dict.fromkeys(("change_token", "proof_token", "reset_token", "verification_token"), _TOKEN),
}
_SITE = "https://accounts.example.com"
_TIME = "2026-01-05T12:00:00.000Z"
_DIGEST = VALUES["other_session_id"]
# What a browser and an authenticator exchange: binary values in base64url, shortened.
CHALLENGE, CREDENTIAL_ID = "example-challenge-of-the-openapi-document-0", "ZXhhbXBsZS1jcmVkZW50aWFs"
USER_HANDLE = secrets.base64url(VALUES["account_id"].encode())
_CLIENT_DATA = "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0Ii..."
REGISTRATION = {"client_data": _CLIENT_DATA, "attestation": "o2NmbXRkbm9uZW...", "name": "Firefox on Linux"}
ASSERTION = {
    "credential_id": CREDENTIAL_ID,
    "client_data": _CLIENT_DATA,
    "authenticator_data": "SZYN5YgOjGh0NB...",
    "signature": "MEUCIQDx...",
    "user_handle": USER_HANDLE,
}
_KNOWN: Mapping[str, Any] = {
    "email": VALUES["email"],
    "email_shown": VALUES["email"],
    "name": "Some Person",
    "source": "203.0.113.7",
    "device": "Firefox on Linux",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "message": "Check your email for a link to confirm your address.",
    "method": "password",
    "event": "authn_login_success",
    "detail": {"method": "password"},
    "provider": "google",
    "subject": "108234567890123456789",
    "key_prefix": VALUES["api_key"][:16],
    "old_secret": None,
    "networks": ["203.0.113.0/24"],
    "overlap_days": 7,
    "plaintext_key": VALUES["api_key"],
    "key_name": "Workshop computer",
    "description": "The one under the desk",
    "key_description": "The one under the desk",
    "firebase_uid": VALUES["account_id"],
    "is_admin": False,
    "auth_method": "access_token",
    "challenge": CHALLENGE,
    "rpId": "accounts.example.com",
    "can_create_workspace": False,
    "has_more": False,
    "offset": 0,
    "disabled": False,
    "origin": "http://127.0.0.1:8188",
    "methods": ["password", "google", "github", "api_key"],
    "start_urls": {"google": f"{_SITE}/auth/google/start"},
    "api_key_url": f"{_SITE}/api-keys",
    "authorization_url": "https://accounts.google.com/o/oauth2/v2/auth?client_id=...",
    "redirect_to": "http://127.0.0.1:49152/callback?code=...&state=sample-state&iss=https%3A%2F%2Faccounts.example.com",
    "host": "127.0.0.1",
    "document": None,
    "port": 49152,
    "loopback": True,
    "means": ["See your name and email address", "List and delete your API keys"],
    "address": "https://cloud.example.com/mcp",
    "access_token": "eyJ...",
    "refresh_token": VALUES["refresh_token"],
    "token_type": "Bearer",
    "expires_in": 900,
    "scope": "account",
    "device_code": "sample-device-code-of-the-events-folder-000",
    "user_code": "XMPL-CDXX",
    "verification_uri": f"{_SITE}/device",
    "verification_uri_complete": f"{_SITE}/device#user_code=XMPL-CDXX",
    "interval": 5,
    "issuer": _SITE,
    "jwks_uri": f"{_SITE}/.well-known/jwks.json",
    "scopes_supported": ["account"],
    "protected_resources": [_SITE],
    "authorization_servers": [_SITE],
    "resource_name": "Comfy",
    "kty": "EC",
    "crv": "P-256",
    "use": "sig",
    "alg": "ES256",
    "kid": "Zk1c...",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
# Where the name of a field does not say enough.
_OF_STRUCT: Mapping[str, Any] = {
    "Customer.id": VALUES["account_id"],
    "ExportedAccount.id": VALUES["account_id"],
    "Account.id": VALUES["account_id"],
    "Workspace.id": VALUES["account_id"],
    "CurrentWorkspace.id": VALUES["account_id"],
    "Member.id": VALUES["account_id"],
    "Workspace.name": "Personal workspace",
    "CurrentWorkspace.name": "Personal workspace",
    "SessionClient.id": "comfy-cli",
    "SessionClient.name": "Comfy CLI",
    "AskingClient.id": "comfy-cli",
    "AskingClient.name": "Comfy CLI",
    "APIKey.name": "Workshop computer",
    "CreatedKey.name": "Workshop computer",
    "Scope.name": "account",
    "AskedResource.name": "Example service",
    "ResourceMetadata.resource": _SITE,
    "Passkey.name": "Firefox on Linux",
    "RelyingParty.id": "accounts.example.com",
    "RelyingParty.name": "Comfy",
    "UserEntity.id": USER_HANDLE,
    "UserEntity.displayName": "Some Person",
    "UserEntity.name": VALUES["email"],
    "Parameters.alg": ALGORITHMS[0],
    "Descriptor.id": CREDENTIAL_ID,
}


def request(operation: Operation) -> Any:  # noqa: ANN401 - any JSON
    """The body of the function's sample, if that is for this route."""
    if operation.example is not None:
        return operation.example
    sample = samples.event(operation.route.function, VALUES.__getitem__)
    if sample.get("routeKey") != operation.route.keys[0] or not sample.get("body"):
        return (
            {"return_to": "/account"}
            if "return_to" in str(operation.body and operation.body.__struct_fields__)
            else None
        )
    return dict(parse_qsl(sample["body"])) if operation.form else json.loads(sample["body"])


def response(answer: Answer) -> Any:  # noqa: ANN401 - any JSON
    """The first kind of body, each field once."""
    kinds = schemas.kinds(answer.body)
    shown = _of_schema(schemas.of(kinds[0]), kinds[0].__name__) if kinds else None
    return [shown] if answer.many else shown


def _of_schema(schema: Schema, struct: str) -> Any:  # noqa: ANN401
    if "properties" in schema:
        name = schema.get("title", struct)
        return {field: _of_field(name, field, it) for field, it in schema["properties"].items()}
    return _value(schema, struct)


def _of_field(struct: str, field: str, schema: Schema) -> Any:  # noqa: ANN401
    if f"{struct}.{field}" in _OF_STRUCT:
        return _OF_STRUCT[f"{struct}.{field}"]
    if "const" in schema:
        return schema["const"]
    if field in _KNOWN and "$ref" not in schema:
        return _KNOWN[field]
    if field.endswith("_endpoint"):
        return f"{_SITE}/oauth/{_ENDPOINTS[field]}"
    return _value(schema, struct)


_ENDPOINTS = {
    "authorization_endpoint": "authorize",
    "token_endpoint": "token",
    "revocation_endpoint": "revoke",
    "device_authorization_endpoint": "device_authorization",
}


def _value(schema: Schema, struct: str) -> Any:  # noqa: ANN401
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _of_schema(_all()[name], name)
    if "anyOf" in schema:
        return _value(next(it for it in schema["anyOf"] if it != {"type": "null"}), struct)
    if "default" in schema:
        return schema["default"]
    if "enum" in schema:
        return schema["enum"][0]
    return _of_type(schema, struct)


def _of_type(schema: Schema, struct: str) -> Any:  # noqa: ANN401
    match schema.get("type"):
        case "array":
            return [_value(schema["items"], struct)]
        case "boolean":
            return True
        case "integer":
            return 1
        case _:
            return _TIME if schema.get("format") == "date-time" else _DIGEST


@cache
def _all() -> dict[str, Schema]:
    from scripts.openapi.document import OPERATIONS  # noqa: PLC0415 - which imports this module

    return schemas.components(OPERATIONS)
