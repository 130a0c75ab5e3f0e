"""MiniStack's KMS with ReEncrypt, which it lacks: what one key encrypted is encrypted again by another."""

import json
from collections.abc import Mapping
from http import HTTPStatus

from ministack.services import kms

Answer = tuple[int, Mapping[str, str], bytes]
_TARGET = "x-amz-target"
_handle = kms.handle_request


def extend() -> None:
    """Have MiniStack answer ReEncrypt from now on."""
    kms.handle_request = _extended


async def _extended(method: str, path: str, headers: Mapping[str, str], body: bytes, query: object) -> Answer:
    async def ask(action: str, asked: bytes) -> Answer:
        answer: Answer = await _handle(method, path, {**headers, _TARGET: f"TrentService.{action}"}, asked, query)
        return answer

    action = headers.get(_TARGET, "").rpartition(".")[2]
    if action != "ReEncrypt":
        return await ask(action, body)
    asked = json.loads(body)
    context = asked.get("SourceEncryptionContext", {})
    sealed = {"CiphertextBlob": asked["CiphertextBlob"], "EncryptionContext": context}
    status, _, opened = decrypted = await ask("Decrypt", json.dumps(sealed).encode())
    if status != HTTPStatus.OK:
        return decrypted
    context = asked.get("DestinationEncryptionContext", {})
    again = {"KeyId": asked["DestinationKeyId"], "Plaintext": json.loads(opened)["Plaintext"]}
    return await ask("Encrypt", json.dumps({**again, "EncryptionContext": context}).encode())
