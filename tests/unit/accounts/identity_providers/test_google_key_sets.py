"""Google's key set: keys for other uses are ignored (OA-05)."""

from typing import Any

import pytest

from accounts.errors import ProviderNotTrusted
from accounts.identity_providers.google import PinnedKeys
from tests.unit.accounts.identity_providers import forgery
from tests.unit.accounts.identity_providers.forgery import check, claims, ec_jwk, public_jwk
from tests.unit.accounts.stage import NOW


@pytest.mark.parametrize(
    "keys",
    [
        (public_jwk("attacker", "google", alg="RS512"), public_jwk()),
        (ec_jwk("other"), public_jwk()),
        ({"kty": "AKP", "alg": "ML-DSA-44", "kid": "pq", "pub": "AAAA"}, public_jwk()),
        ({"kty": "OKP", "crv": "Ed9999", "x": "AAAA", "kid": "odd"}, public_jwk()),
        ({"kty": "RSA", "kid": "broken", "n": "!", "e": 1}, public_jwk()),
        ({"kid": "no-kind"}, public_jwk()),
        ("not a key", public_jwk()),
        ({"kty": "oct", "kid": "secret", "k": "AAAA"}, public_jwk()),
        (public_jwk("attacker", None), public_jwk()),
        (public_jwk(use=...) | {"use": "sig"}, public_jwk("attacker", "other")),
    ],
)
def test_a_key_of_another_kind_is_ignored(keys: tuple[dict[str, Any], ...]) -> None:
    """RFC 7517 5: otherwise no login would work on the day that a new kind of key appears."""
    said = claims(NOW)

    assert check(forgery.token(said), *keys) == said


@pytest.mark.parametrize(
    ("keys", "token"),
    [
        ((ec_jwk("google"),), forgery.token(claims(NOW), {"alg": "ES256"}, signed_as="ES256")),
        ((ec_jwk("google"),), forgery.token(claims(NOW), signed_as="ES256")),
        ((ec_jwk("google"),), forgery.token(claims(NOW))),
        (
            ({"kty": "oct", "kid": "google", "k": forgery.b64(forgery.pem())},),
            forgery.token(claims(NOW), signed_as="HS256"),
        ),
        ((public_jwk(use="enc"),), forgery.token(claims(NOW))),
        ((public_jwk(alg="RS512"),), forgery.token(claims(NOW))),
        ((public_jwk(alg="PS256"),), forgery.token(claims(NOW))),
        ((public_jwk(key_ops=["encrypt"], use=...),), forgery.token(claims(NOW))),
    ],
)
def test_a_key_for_another_use_is_not_accepted(keys: tuple[dict[str, Any], ...], token: str) -> None:
    """A key for encryption, for another algorithm or of another kind, under the right id."""
    keys = tuple({name: value for name, value in key.items() if value is not ...} for key in keys)

    with pytest.raises(ProviderNotTrusted):
        check(token, *keys)


@pytest.mark.parametrize(
    "key",
    [public_jwk(use="enc"), public_jwk(use=None), public_jwk(alg="RS512"), public_jwk(alg="PS256"), ec_jwk("google")],
)
def test_a_key_for_another_use_is_left_out_of_the_set(key: dict[str, Any]) -> None:
    """Not only refused when it verifies: with no other key in the set, every token is refused."""
    token = forgery.token(claims(NOW))
    kept = PinnedKeys(lambda: forgery.key_set(key, public_jwk("google-next", "next"))).for_token(token, NOW)

    assert [it.kid for it in kept.keys] == ["next"]
    with pytest.raises(ProviderNotTrusted):
        PinnedKeys(lambda: forgery.key_set(key)).for_token(token, NOW)


@pytest.mark.parametrize("signer", ["google", "google-next"])
def test_two_published_keys_with_one_id_accept_no_other_key(signer: str) -> None:
    """Whichever of the two is used, Google publishes it."""
    keys = (public_jwk("google", "same"), public_jwk("google-next", "same"))
    good, forged = (forgery.token(claims(NOW), {"kid": "same"}, key=key) for key in (signer, "attacker"))
    try:
        believed = check(good, *keys) == claims(NOW)
    except ProviderNotTrusted:
        believed = signer != "google"

    assert believed
    with pytest.raises(ProviderNotTrusted):
        check(forged, *keys)


@pytest.mark.parametrize(
    "fetched",
    [
        None,
        [],
        {},
        "",
        1,
        {"keys": None},
        {"keys": {}},
        {"keys": []},
        {"keys": "abc"},
        {"keys": [None]},
        {"keys": [{}]},
    ],
)
def test_a_malformed_key_set_refuses_every_login(fetched: Any) -> None:
    """Whatever the keys' address answers: no login, and no server error."""
    token = forgery.token(claims(NOW))

    with pytest.raises(ProviderNotTrusted):
        PinnedKeys(lambda: fetched).for_token(token, NOW)
