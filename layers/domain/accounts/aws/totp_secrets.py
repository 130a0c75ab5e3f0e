"""TOTP secrets, encrypted by KMS. The account is in the encryption context: another account's does not decrypt."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from accounts.aws.clients import client
from accounts.errors import Unavailable


class KmsTotpSecrets:
    def __init__(self, key: str) -> None:
        """``key`` is a KMS key's id or ARN. The client is created on first use."""
        self._key = key

    def seal(self, secret: str, user_id: str) -> str:
        """The ciphertext in base64; raises Unavailable."""
        sealed = self._ask("encrypt", user_id, Plaintext=secret.encode())["CiphertextBlob"]
        return base64.b64encode(sealed).decode()

    def unseal(self, sealed: str, user_id: str) -> str:
        """The secret of ``seal``; raises Unavailable, also for another account's."""
        opened: bytes = self._ask("decrypt", user_id, CiphertextBlob=base64.b64decode(sealed))["Plaintext"]
        return opened.decode()

    def _ask(self, operation: str, user_id: str, **asked: Any) -> Mapping[str, Any]:  # noqa: ANN401 - botocore's own
        context = {"account": user_id}
        try:
            answer: Mapping[str, Any] = getattr(client("kms"), operation)(
                KeyId=self._key, EncryptionContext=context, **asked
            )
        except (ClientError, BotoCoreError) as error:
            raise Unavailable from error
        return answer
