"""What everybody may know of the authorization server."""

import hashlib

from tests.functions import expected
from tests.functions.cloud import SIGNING_KEYS
from tests.functions.lambdas import Lambdas
from tests.functions.requests import at, sample

KEPT = {"cache-control": "public, max-age=300"}


def test_the_sample_of_oauth_metadata_lists_the_public_keys(functions: Lambdas) -> None:
    """Both, for any origin and any cache, and nothing of the private halves."""
    answer = functions.invoke("oauth_metadata", sample("oauth_metadata"))
    keys = answer.json["keys"]

    assert answer.read == expected.answer("oauth_metadata", 200, {"keys": keys}, headers=KEPT)
    assert answer.events == ["signing_keys_shown"]
    assert [key["kid"] for key in keys] == [
        hashlib.sha256(name.encode()).hexdigest()[:16] for name in SIGNING_KEYS.values()
    ]
    assert [sorted(key) for key in keys] == [["alg", "crv", "kid", "kty", "use", "x", "y"]] * 2


def test_metadata_is_read_from_any_page(functions: Lambdas) -> None:
    """A preflight says so too."""
    answer = functions.invoke("fallback", at("/.well-known/jwks.json", "OPTIONS", {"origin": "http://127.0.0.1:8188"}))

    assert answer.status == 204
    assert answer.result["headers"]["access-control-allow-origin"] == "*"
