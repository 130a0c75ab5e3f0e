"""Encrypts copied secrets of authenticator apps for the key of the stack, because another stack has another key."""

import base64
from collections.abc import Callable
from typing import Any

import boto3

from scripts.place import Place

Item = dict[str, Any]


def for_key_of(place: Place, region: str | None) -> Callable[[Item], Item]:
    """Reseals the item of an account that was encrypted by a key in ``region``, or in the region of ``place``."""
    here, key = place.client("kms"), place.deployed("SecondFactorKey")
    there = boto3.client("kms", region_name=region) if region else None

    def resealed(account: Item) -> Item:
        if "totp" not in account:
            return account
        sealed, context = base64.b64decode(account["totp"]["S"]), {"account": account["user_id"]["S"]}
        again = _moved(there, here, key, sealed, context) if there else _re_encrypted(here, key, sealed, context)
        return {**account, "totp": {"S": base64.b64encode(again).decode()}}

    return resealed


def _re_encrypted(kms: Any, key: str, sealed: bytes, context: dict[str, str]) -> bytes:  # noqa: ANN401 - boto3's own
    """Within KMS: the secret never leaves it."""
    contexts = {"SourceEncryptionContext": context, "DestinationEncryptionContext": context}
    again: bytes = kms.re_encrypt(CiphertextBlob=sealed, DestinationKeyId=key, **contexts)["CiphertextBlob"]
    return again


def _moved(there: Any, here: Any, key: str, sealed: bytes, context: dict[str, str]) -> bytes:  # noqa: ANN401
    """KMS does not encrypt for another region, so the secret passes through this process."""
    secret = there.decrypt(CiphertextBlob=sealed, EncryptionContext=context)["Plaintext"]
    again: bytes = here.encrypt(KeyId=key, Plaintext=secret, EncryptionContext=context)["CiphertextBlob"]
    return again
