"""The addresses of the local cloud: the site's port serves the site alone."""

import socket
from typing import Any

import pytest
import requests

from local.cloud import LocalCloud
from local.processes import loopback_addresses

# Each is answered by the emulator itself, on its own port.
_EMULATORS = [
    "/health",
    "/_localstack/health",
    "/_ministack/health",
    "/_ministack/ready",
    "/_ministack/ses/messages",
    "/_ministack/config",
    "/_localstack/unknown",
    "/_aws/execute-api/API/$default/login",
    "/restapis/API/$default/_user_request_/login",
    "/comfy-accounts-code",
    "/v2/email/identities",
    "/2015-03-31/functions",
    "/v20180820/mrap/instances",
    "/iceberg/v1/config",
]
_SIGNED = {
    "authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host",
    "x-amz-target": "DynamoDB_20120810.ListTables",
    "x-amz-date": "20260101T000000Z",
    "content-type": "application/x-amz-json-1.0",
}


def answered(cloud: LocalCloud, method: str, path: str, **headers: str) -> Any:
    """What the site says, without what differs between two requests."""
    path = path.replace("API", cloud.outputs["HttpApiId"])
    sent = {"accept": "*/*", **headers}
    answer = requests.request(method, cloud.site_url + path, headers=sent, allow_redirects=False, timeout=60)
    varying = {"date", "x-request-id", "apigw-requestid"}
    kept = {name: it for name, it in answer.headers.lower_items() if name not in varying}
    return answer.status_code, kept, answer.text


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "OPTIONS"])
@pytest.mark.parametrize("headers", [{}, _SIGNED], ids=["plain", "signed"])
def test_no_path_of_the_emulator_is_on_the_site(cloud: LocalCloud, method: str, headers: dict[str, str]) -> None:
    """Each is an unknown path of the site, with or without what AWS programs send."""
    unknown = answered(cloud, method, "/no-such-path", **headers)
    assert unknown[0] == 404

    assert [path for path in _EMULATORS if answered(cloud, method, path, **headers) != unknown] == []


def test_the_emulator_answers_on_a_port_of_its_own(cloud: LocalCloud) -> None:
    """The first of these paths, so that the test above would see them."""
    there = {path: requests.get(cloud.endpoint_url + path, timeout=60).status_code for path in _EMULATORS[:5]}

    assert there == dict.fromkeys(_EMULATORS[:5], 200)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_the_sites_numeric_addresses_redirect_to_its_name(cloud: LocalCloud, host: str) -> None:
    """With path and query. They listen, wherever a program resolves the name to."""
    if host.strip("[]") not in loopback_addresses():
        pytest.skip("this machine has no IPv6")
    answer = requests.get(f"http://{host}:{cloud.port}/login?a=%2F", allow_redirects=False, timeout=60)

    assert (answer.status_code, answer.headers["location"]) == (307, f"http://localhost:{cloud.port}/login?a=%2F")


@pytest.mark.parametrize("address", loopback_addresses())
def test_localhost_is_served_at_each_of_its_addresses(cloud: LocalCloud, address: str) -> None:
    """Browsers and programs choose differently between them."""
    with socket.create_connection((address, cloud.port), timeout=60) as connection:
        connection.sendall(f"GET /login HTTP/1.1\r\nHost: localhost:{cloud.port}\r\nConnection: close\r\n\r\n".encode())
        status = connection.makefile("rb").readline()

    assert status.startswith(b"HTTP/1.1 200 ")


def test_the_site_knows_its_own_address(cloud: LocalCloud) -> None:
    """As its documents say it."""
    metadata = requests.get(f"{cloud.site_url}/.well-known/oauth-authorization-server", timeout=60).json()

    assert metadata["issuer"] == cloud.site_url == f"http://localhost:{cloud.port}"
