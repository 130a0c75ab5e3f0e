"""A program of a person's own, on the person's machine: what it fetches, sends, and how it is let in."""

import base64
import hashlib
import secrets
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import requests

from local.cloud import LocalCloud
from tests.local.person import Person

REDIRECT = "http://127.0.0.1:8188/"
ELSEWHERE = {"origin": "http://127.0.0.1:8188"}


def fetched(cloud: LocalCloud, path: str) -> Any:
    """Read a public document."""
    answer = requests.get(cloud.site_url + path, headers=ELSEWHERE, timeout=60)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "public, max-age=300"
    return answer.json()


def posted(cloud: LocalCloud, path: str, **form: str) -> requests.Response:
    """What a page of a local ComfyUI sends."""
    body = {"client_id": "comfy-local-web", **form}
    return requests.post(cloud.site_url + path, data=body, headers=ELSEWHERE, timeout=60)


def logged_in(ann: Person, resource: str = "", **asked: str) -> dict[str, Any]:
    """The whole way: the metadata, the question, the click, the code, the tokens."""
    metadata = fetched(ann.cloud, "/.well-known/oauth-authorization-server")
    verifier = secrets.token_urlsafe(32)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    question = {
        "response_type": "code",
        "client_id": "comfy-local-web",
        "redirect_uri": REDIRECT,
        "state": "xyz",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "resource": resource or f"{ann.cloud.site_url}/api",
        **asked,
    }
    shown = ann.call("GET", "/oauth/authorize/request?" + urlencode(question))
    assert shown.json()["client"]["name"] == "ComfyUI on this computer"
    assert shown.json()["redirect"] == {"host": "127.0.0.1", "port": 8188, "loopback": True}
    click = {"decision": "allow", "account": shown.json()["account"]["id"]}
    answer = ann.call("POST", "/oauth/authorize", question | click)
    query = parse_qs(urlsplit(answer.json()["redirect_to"]).query)
    assert (query["state"], query["iss"]) == (["xyz"], [metadata["issuer"]])
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code_verifier": verifier}
    tokens = posted(ann.cloud, "/oauth/token", code=query["code"][0], **form)
    assert tokens.status_code == 200, tokens.text
    found: dict[str, Any] = tokens.json()
    return found


def signer(tokens: dict[str, Any]) -> str:
    """Which key signed the access token."""
    kid: str = jwt.get_unverified_header(tokens["access_token"])["kid"]
    return kid
