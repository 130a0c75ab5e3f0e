"""Invoked by other functions with {"url"}: fetch the document that describes a client. Its role reaches nothing."""

from collections.abc import Mapping
from typing import Any

from accounts import deployment

DOCUMENT_FETCHING = deployment.load().document_fetching


def lambda_handler(event: Mapping[str, str], context: Any) -> dict[str, Any]:  # noqa: ANN401, ARG001 - Lambda's own types
    return DOCUMENT_FETCHING.answer(event["url"])
