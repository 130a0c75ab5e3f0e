"""Reports of leaked keys over HTTP."""

import base64
import json
from datetime import timedelta
from typing import Any

from accounts.dynamo.client_documents import ClientDocumentsTable
from accounts.model import scanner_keys
from accounts.model.client_documents import Document
from scripts.sam_local import made_up
from tests.functions.lambdas import Lambdas
from tests.functions.requests import request
from tests.scanner import Scanner, listed


def lists(functions: Lambdas, *scanners: Scanner) -> None:
    """A process of the deployment has fetched GitHub's list, which has these keys."""
    _fetched(functions, listed(scanners))


def lists_the_samples(functions: Lambdas) -> None:
    """The same, with the key that signed the sample."""
    _fetched(functions, made_up.SCANNER_KEYS)


def _fetched(functions: Lambdas, text: str) -> None:
    later = functions.clock.now + timedelta(hours=1)
    ClientDocumentsTable("ClientDocumentsTable").keep(Document(scanner_keys.URL, text, later, later))


def report(
    scanner: Scanner, *matches: dict[str, str], body: str | None = None, **headers: str | None
) -> dict[str, Any]:
    """A signed request. ``headers`` replace its own; None removes one."""
    sent = json.dumps(matches) if body is None else body
    signed = scanner.headers(sent.encode())
    changes = {name.replace("_", "-"): value for name, value in headers.items()}
    return request("key_report", body=sent, headers={**signed, **changes})


def in_base64(event: dict[str, Any]) -> dict[str, Any]:
    """The same request as API Gateway passes a body that it takes for binary."""
    return event | {"body": base64.b64encode(event["body"].encode()).decode(), "isBase64Encoded": True}
