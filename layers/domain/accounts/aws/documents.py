"""The function that fetches clients' documents (Lambda)."""

from __future__ import annotations

import json

import msgspec
from botocore.exceptions import BotoCoreError, ClientError
from msgspec import Struct

from accounts.aws.clients import client
from accounts.errors import Unavailable
from accounts.model import client_documents
from accounts.model.client_documents import Fetched, Problem


class _Answer(Struct):
    text: str = ""
    fresh_seconds: int | None = None
    problem: Problem | None = None


class LambdaFetcher:
    """Connects on first use: few requests need a document."""

    def __init__(self, function: str) -> None:
        self._function = function

    def fetch(self, url: str) -> Fetched:
        """The document at ``url``; raises ClientDocumentRefused or Unavailable."""
        try:
            invoked = client("lambda").invoke(FunctionName=self._function, Payload=json.dumps({"url": url}).encode())
            answer = msgspec.json.decode(invoked["Payload"].read(), type=_Answer)
        except (ClientError, BotoCoreError, msgspec.MsgspecError) as error:
            raise Unavailable from error
        # An error of the function has fields of its own only.
        if "FunctionError" in invoked:
            raise Unavailable
        if answer.problem:
            raise client_documents.refused(answer.problem)
        return Fetched(answer.text, answer.fresh_seconds)
