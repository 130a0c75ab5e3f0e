"""The public metadata of the authorization server."""

import hashlib

from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from accounts.errors import SigningUnavailable
from accounts.web.routes import ROUTES
from tests.functions import expected, lambdas
from tests.functions.cloud import CLOUD, SIGNING_KEYS, SITE_URL, STORE, unreachable
from tests.functions.lambdas import Lambdas
from tests.functions.requests import at, sample

CACHED = {"cache-control": "public, max-age=300"}


def test_the_sample_describes_the_server(functions: Lambdas) -> None:
    """In RFC 8414's format, which an independent library validates; every endpoint is a route."""
    answer = functions.invoke("client_metadata", sample("client_metadata"))
    body = answer.json
    AuthorizationServerMetadata(body).validate()

    assert answer.read == expected.answer("client_metadata", 200, body, headers=CACHED)
    assert answer.events == ["oauth_metadata_shown"]
    assert (body["issuer"], body["code_challenge_methods_supported"]) == (SITE_URL, ["S256"])
    assert body["acr_values_supported"] == ["urn:comfy:acr:1fa", "urn:comfy:acr:mfa"]
    assert body["token_endpoint_auth_methods_supported"] == ["none"]
    assert body["authorization_response_iss_parameter_supported"] is True
    assert body["client_id_metadata_document_supported"] is True
    assert body["scopes_supported"] == ["account", "jobs:read", "jobs:write", "orders"]
    assert body["protected_resources"] == [SITE_URL, CLOUD, STORE]
    served = {SITE_URL + route.path for route in ROUTES}
    assert {body[name] for name in body if name.endswith(("_endpoint", "_uri"))} <= served


def test_the_public_keys_are_listed(functions: Lambdas) -> None:
    """Both, for any origin and any cache, without private parts."""
    event = sample("client_metadata")
    event["rawPath"], event["routeKey"] = "/.well-known/jwks.json", "GET /.well-known/jwks.json"
    answer = functions.invoke("client_metadata", event)
    keys = answer.json["keys"]

    assert answer.read == expected.answer("client_metadata", 200, {"keys": keys}, headers=CACHED)
    assert answer.events == ["signing_keys_shown"]
    assert [key["kid"] for key in keys] == [
        hashlib.sha256(name.encode()).hexdigest()[:16] for name in SIGNING_KEYS.values()
    ]
    assert [sorted(key) for key in keys] == [["alg", "crv", "kid", "kty", "use", "x", "y"]] * 2


def test_this_service_says_which_tokens_it_accepts(functions: Lambdas) -> None:
    """In the format of RFC 9728, for any origin and any cache. The resource is the site, as the path says."""
    event = sample("client_metadata")
    event["rawPath"] = "/.well-known/oauth-protected-resource"
    event["routeKey"] = f"GET {event['rawPath']}"
    answer = functions.invoke("client_metadata", event)
    body = {
        "resource": SITE_URL,
        "resource_name": "Comfy",
        "authorization_servers": [SITE_URL],
        "scopes_supported": ["account"],
        "bearer_methods_supported": ["header"],
    }

    assert answer.read == expected.answer("client_metadata", 200, body, headers=CACHED)
    assert answer.events == ["resource_metadata_shown"]


def test_a_preflight_allows_any_origin(functions: Lambdas) -> None:
    answer = functions.invoke("fallback", at("/.well-known/jwks.json", "OPTIONS", {"origin": "http://127.0.0.1:8188"}))

    assert answer.status == 204
    assert answer.result["headers"]["access-control-allow-origin"] == "*"


def test_keys_that_cannot_be_read_are_a_503(functions: Lambdas) -> None:
    """Not an empty list, which a client might cache."""
    lambdas.module.cache_clear()
    functions.cloud.failing["kms"] = unreachable
    event = sample("client_metadata")
    event["rawPath"], event["routeKey"] = "/.well-known/jwks.json", "GET /.well-known/jwks.json"

    answer = functions.invoke("client_metadata", event)
    message = SigningUnavailable.default_message
    assert answer.read == expected.refusal("client_metadata", 503, "temporarily_unavailable", message)
