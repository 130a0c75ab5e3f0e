"""Schemas of bodies: what their structs say, and the limits that the flows check."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from accounts import limits
from scripts.openapi.operation import Body, Operation

type Schema = dict[str, Any]
_REFERENCE = "#/components/schemas/{name}"
_TOKEN: Schema = {"pattern": "^[A-Za-z0-9_-]{43}$"}
_NEW_PASSWORD: Schema = {"minLength": limits.PASSWORD_MIN_CHARACTERS, "maxLength": limits.PASSWORD_MAX_CHARACTERS}
_DECISION: Schema = {"enum": ["allow", "deny"]}
# Limits of requests' fields, by the name of the field; by struct and name where one field has other limits.
_LIMITS: Mapping[str, Schema] = {
    "email": {"format": "email", "maxLength": limits.EMAIL_MAX_CHARACTERS},
    "password": {"maxLength": limits.PASSWORD_MAX_CHARACTERS},
    "current_password": {"maxLength": limits.PASSWORD_MAX_CHARACTERS},
    "new_password": _NEW_PASSWORD,
    "Signup.password": _NEW_PASSWORD,
    "PasswordReset.password": _NEW_PASSWORD,
    "name": {"maxLength": limits.PERSON_NAME_MAX_CHARACTERS},
    "KeyCreate.name": {"minLength": 1, "maxLength": limits.KEY_NAME_MAX_CHARACTERS},
    "KeyUpdate.name": {"minLength": 1, "maxLength": limits.KEY_NAME_MAX_CHARACTERS},
    "overlap_days": {"minimum": 0, "maximum": limits.KEY_OVERLAP_DAYS},
    "PasskeyCreate.name": {"maxLength": limits.PASSKEY_NAME_MAX_CHARACTERS},
    "PasskeyRename.name": {"minLength": 1, "maxLength": limits.PASSKEY_NAME_MAX_CHARACTERS},
    "expires_at": {"maxLength": limits.MOMENT_MAX_CHARACTERS},
    "asked_at": {"maxLength": limits.MOMENT_MAX_CHARACTERS},
    "description": {"maxLength": limits.KEY_DESCRIPTION_MAX_CHARACTERS},
    "networks": {"minItems": 1, "maxItems": limits.KEY_NETWORKS_MAX},
    "KeyCreate.scopes": {"minItems": 1},
    "KeyUpdate.scopes": {"minItems": 1},
    "token": _TOKEN,
    "RevocationRequest.token": {},
    "LeakMatch.token": {},
    "LeakMatch.type": {"maxLength": limits.LEAK_TYPE_MAX_CHARACTERS},
    "user_code": {"maxLength": limits.TYPED_CODE_MAX_CHARACTERS},
    "decision": _DECISION,
}


def components(operations: Iterable[Operation]) -> dict[str, Schema]:
    """Every schema by its name: closed for requests, whose unknown fields are refused, and open for responses."""
    sent = [it.body for it in operations if it.body] + [form for it in operations for form in it.form]
    answered = [body for it in operations for answer in it.answers for body in kinds(answer.body)]
    found = _found(answered) | {name: _limited(name, it) for name, it in _found(sent).items()}
    return dict(sorted(found.items()))


def kinds(body: Body | None) -> tuple[type[Struct], ...]:
    if body is None:
        return ()
    return body if isinstance(body, tuple) else (body,)


def of(kind: type[Struct]) -> Schema:
    """The schema of one struct, without its reference."""
    return _found([kind])[kind.__name__]


def schema_of(body: Body | None, *, many: bool = False) -> Schema:
    """A reference to the body's schema, or to one of several; any JSON without a struct. ``many``: an array of it."""
    if many:
        return {"type": "array", "items": schema_of(body)}
    references = [{"$ref": _REFERENCE.format(name=kind.__name__)} for kind in kinds(body)]
    if len(references) > 1:
        return {"anyOf": references}
    return references[0] if references else {}


def _found(types: Iterable[type[Struct]]) -> dict[str, Schema]:
    return msgspec.json.schema_components(tuple(dict.fromkeys(types)), ref_template=_REFERENCE)[1]


def _limited(struct: str, schema: Schema) -> Schema:
    properties = {
        name: {**it, **_LIMITS.get(f"{struct}.{name}", _LIMITS.get(name, {}))}
        for name, it in schema["properties"].items()
    }
    return {**schema, "properties": properties}


def closed(schemas: Mapping[str, Schema]) -> dict[str, Schema]:
    """The same without unknown fields, for tests: what the document does not list, no response may have."""
    return {
        name: {**it, "additionalProperties": False} if "properties" in it and "additionalProperties" not in it else it
        for name, it in schemas.items()
    }
