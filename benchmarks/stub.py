"""A stateless stub of DynamoDB, Secrets Manager, KMS, SQS and SES on a loopback port.

No response depends on an earlier request, so that each function can be invoked any number of times with the same event.
The stub runs in the measuring process, not in the measured one, so its cost is not counted.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

Item = dict[str, Any]
Tables = Mapping[str, list[Item]]


class Stub:
    """Responds from ``tables`` and ``secrets``; ``calls`` records the names of the operations."""

    def __init__(self, tables: Tables, secrets: Mapping[str, str]) -> None:
        self._tables = tables
        self._secrets = secrets
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.calls: list[str] = []

    def answer(self, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        """The response to a call. Writes always succeed and change nothing."""
        self.calls.append(operation)
        known = {
            "GetItem": self._item,
            "BatchGetItem": self._together,
            "Query": self._items,
            "UpdateItem": lambda _: {"Attributes": {}},
            "GetSecretValue": lambda it: {"ARN": it["SecretId"], "SecretString": self._secrets[it["SecretId"]]},
            "SendMessage": lambda _: {"MessageId": "0"},
            "SendEmail": lambda _: {"MessageId": "0"},
            "Encrypt": lambda it: {"KeyId": it["KeyId"], "CiphertextBlob": it["Plaintext"]},
            "Sign": self._signature,
            "GetPublicKey": self._public_key,
        }
        return known[operation](asked) if operation in known else {}

    def _item(self, asked: dict[str, Any]) -> dict[str, Any]:
        found = [item for item in self._tables[asked["TableName"]] if item.items() >= asked["Key"].items()]
        return {"Item": found[0]} if found else {}

    def _together(self, asked: dict[str, Any]) -> dict[str, Any]:
        wanted = {
            name: [{"TableName": name, "Key": key} for key in it["Keys"]] for name, it in asked["RequestItems"].items()
        }
        found = {name: [self._item(each) for each in keys] for name, keys in wanted.items()}
        return {"Responses": {name: [it["Item"] for it in items if it] for name, items in found.items()}}

    def _items(self, asked: dict[str, Any]) -> dict[str, Any]:
        items = self._tables[asked["TableName"]]
        return {"Items": items, "Count": len(items), "ScannedCount": len(items)}

    def _signature(self, asked: dict[str, Any]) -> dict[str, Any]:
        signed = self._key.sign(base64.b64decode(asked["Message"]), ec.ECDSA(hashes.SHA256()))
        return {"KeyId": asked["KeyId"], "Signature": base64.b64encode(signed).decode()}

    def _public_key(self, asked: dict[str, Any]) -> dict[str, Any]:
        form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        public = self._key.public_key().public_bytes(*form)
        return {"KeyId": asked["KeyId"], "PublicKey": base64.b64encode(public).decode()}


@contextmanager
def serving(stub: Stub) -> Iterator[str]:
    """Serve the stub; yields the value for ``AWS_ENDPOINT_URL``."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Buffer writes: otherwise each response is delayed by Nagle's algorithm.
        wbufsize = -1

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            target = self.headers.get("x-amz-target", "SimpleEmailService.SendEmail")
            body = json.dumps(stub.answer(target.rpartition(".")[2], asked)).encode()
            self.send_response(200)
            self.send_header("content-type", "application/x-amz-json-1.0")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
