"""What authenticators sign, with each check of WebAuthn 7.1 and 7.2 broken in turn."""

import gc
import json
from contextlib import suppress
from copy import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from fido2 import cbor
from fido2.cose import ES384, RS256, EdDSA
from fido2.utils import sha256, websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData
from hypothesis import given
from hypothesis import strategies as st

from accounts import secrets
from accounts.limits import CREDENTIAL_ID_MAX_BYTES
from accounts.model.passkeys import Assertion, Counterfeit, Credential, Passkey, Registration, Signed
from accounts.webauthn import SiteAuthenticators
from tests.authenticators import AT, BE, BS, ON_ONE_DEVICE, SYNCED, UP, UV, Authenticator
from tests.unit.accounts.stage import SITE_URL, exactly

SITE = SiteAuthenticators(SITE_URL)
CHALLENGE = "c" * 42 + "A"
ANOTHER = "d" * 42 + "A"
USER = "u" * 28


def stored(device: Authenticator, **changes: Any) -> Passkey:
    """The passkey of the device, as it was created."""
    created = SITE.created(device.create(CHALLENGE, USER), CHALLENGE)
    passkey = Passkey(
        credential_id=created.credential_id,
        user_id=USER,
        name="Phone",
        public_key=created.public_key,
        sign_count=created.sign_count,
        backup_eligible=created.backup_eligible,
        backed_up=created.backed_up,
        created_at=datetime(2026, 3, 1, tzinfo=UTC),
        added_with="password",
        added_in="a session",
    )
    return replace(passkey, **changes)


def test_a_new_passkey_is_read_whole() -> None:
    """With its counter and its backup flags."""
    device = Authenticator(counter=7, flags=SYNCED)

    assert SITE.created(device.create(CHALLENGE, USER), CHALLENGE) == Credential(
        credential_id=device.credential_id,
        public_key=websafe_encode(cbor.encode(dict(device.cose))),
        sign_count=7,
        backup_eligible=True,
        backed_up=True,
    )


def test_a_signature_is_accepted() -> None:
    """Its counter and whether the passkey is backed up may change."""
    device = Authenticator(flags=UP | UV | BE)
    passkey = stored(device)
    device.counter, device.flags = 9, SYNCED

    assert SITE.signed(device.sign(CHALLENGE), passkey, CHALLENGE) == Signed(sign_count=9, backed_up=True)


def test_the_challenge_and_the_account_are_read() -> None:
    device = Authenticator()
    device.create(CHALLENGE, USER)

    assert SITE.challenge(device.sign(CHALLENGE).client_data) == CHALLENGE
    assert SITE.account(device.sign(CHALLENGE)) == USER
    assert SITE.account(device.sign(CHALLENGE, user_handle="")) == ""


CLIENT_LIES: dict[str, dict[str, Any]] = {
    "another challenge": {"challenge": ANOTHER},
    "another site": {"origin": "https://accounts.example.org"},
    "a subdomain": {"origin": "https://evil.accounts.example.com"},
    "another port": {"origin": f"{SITE_URL}:8443"},
    "another scheme": {"origin": "http://accounts.example.com"},
    "a frame of another site": {"crossOrigin": True},
    "a frame, said in another type": {"crossOrigin": "true"},
    "the site around the frame": {"topOrigin": "https://evil.example"},
    "the site around it, though it is the same": {"topOrigin": SITE_URL},
}
DEVICE_LIES: dict[str, dict[str, Any]] = {
    "another relying party": {"rp_id": "example.com"},
    "no presence": {"flags": UV | BE | BS},
    "no verification": {"flags": UP | BE | BS},
    "backed up, though it cannot be": {"flags": UP | UV | BS},
}


@pytest.mark.parametrize("lie", CLIENT_LIES)
def test_client_data_of_another_page_are_refused(lie: str) -> None:
    """When a passkey is created, and when it signs."""
    device = Authenticator()
    passkey = stored(device)

    with pytest.raises(Counterfeit):
        SITE.created(device.create(CHALLENGE, USER, **CLIENT_LIES[lie]), CHALLENGE)
    with pytest.raises(Counterfeit):
        SITE.signed(device.sign(CHALLENGE, **CLIENT_LIES[lie]), passkey, CHALLENGE)


@pytest.mark.parametrize("lie", DEVICE_LIES)
def test_data_of_an_authenticator_that_did_not_do_its_part_are_refused(lie: str) -> None:
    device = Authenticator()
    passkey = stored(device)
    vars(device).update(DEVICE_LIES[lie])

    with pytest.raises(Counterfeit):
        SITE.signed(device.sign(CHALLENGE), passkey, CHALLENGE)
    with pytest.raises(Counterfeit):
        SITE.created(device.create(CHALLENGE, USER), CHALLENGE)


def test_a_creation_is_no_login_and_a_login_no_creation() -> None:
    """The type of the client data."""
    device = Authenticator()
    passkey = stored(device)

    with pytest.raises(Counterfeit):
        SITE.signed(device.sign(CHALLENGE, type="webauthn.create"), passkey, CHALLENGE)
    with pytest.raises(Counterfeit):
        SITE.created(device.create(CHALLENGE, USER, type="webauthn.get"), CHALLENGE)


def test_a_signature_with_another_key_is_refused() -> None:
    device = Authenticator()
    passkey, forger = stored(device), Authenticator(credential=device.credential, user_id=USER)

    with pytest.raises(Counterfeit):
        SITE.signed(forger.sign(CHALLENGE), passkey, CHALLENGE)


def test_a_signature_for_another_passkey_is_refused() -> None:
    """The id in the response is the id of the key that verifies it."""
    device = Authenticator()

    with pytest.raises(Counterfeit):
        SITE.signed(device.sign(CHALLENGE), stored(Authenticator()), CHALLENGE)


@pytest.mark.parametrize(("created", "signed"), [(ON_ONE_DEVICE, UP | UV | BE), (SYNCED, ON_ONE_DEVICE)])
def test_whether_it_may_be_backed_up_never_changes(created: int, signed: int) -> None:
    device = Authenticator(flags=created)
    passkey = stored(device)
    device.flags = signed

    with pytest.raises(Counterfeit):
        SITE.signed(device.sign(CHALLENGE), passkey, CHALLENGE)


def attested(key: dict[int, Any], credential: bytes = b"an id") -> Registration:
    """A new passkey with this public key."""
    shown = AttestedCredentialData.create(bytes(16), credential, key)
    data = AuthenticatorData.create(sha256(b"accounts.example.com"), SYNCED | AT, 0, shown)
    attestation = websafe_encode(AttestationObject.create("none", data, {}))
    return Registration(Authenticator().client_data("webauthn.create", CHALLENGE), attestation)


def test_the_offered_algorithms_are_accepted() -> None:
    """A signature of each verifies."""
    edwards, big = ed25519.Ed25519PrivateKey.generate(), rsa.generate_private_key(65537, 2048)
    keys = [
        (EdDSA.from_cryptography_key(edwards.public_key()), edwards.sign),
        (RS256.from_cryptography_key(big.public_key()), lambda it: big.sign(it, padding.PKCS1v15(), hashes.SHA256())),
    ]
    for key, sign in keys:
        created = SITE.created(attested(key), CHALLENGE)
        passkey = replace(
            stored(Authenticator()), credential_id=created.credential_id, public_key=created.public_key, sign_count=0
        )
        data = AuthenticatorData.create(sha256(b"accounts.example.com"), SYNCED, 1)
        client_data = Authenticator().client_data("webauthn.get", CHALLENGE)
        signature = sign(data + sha256(websafe_decode(client_data)))
        response = Assertion(created.credential_id, client_data, websafe_encode(data), websafe_encode(signature))

        assert SITE.signed(response, passkey, CHALLENGE) == Signed(1, backed_up=True)


def test_an_algorithm_that_was_not_offered_is_refused() -> None:
    """The library knows more than the site offers."""
    key = ES384.from_cryptography_key(ec.generate_private_key(ec.SECP384R1()).public_key())

    with pytest.raises(Counterfeit):
        SITE.created(attested(key), CHALLENGE)


def test_the_length_of_an_id_is_limited() -> None:
    """The longest is accepted; a longer one and an empty one are refused."""
    key, longest = Authenticator().cose, b"i" * CREDENTIAL_ID_MAX_BYTES
    assert SITE.created(attested(key, longest), CHALLENGE).credential_id == websafe_encode(longest)
    for refused in (b"", longest + b"i"):
        with pytest.raises(Counterfeit):
            SITE.created(attested(key, refused), CHALLENGE)


def test_a_registration_without_a_credential_is_refused() -> None:
    data = AuthenticatorData.create(sha256(b"accounts.example.com"), SYNCED, 0)
    attestation = websafe_encode(AttestationObject.create("none", data, {}))

    with pytest.raises(Counterfeit):
        SITE.created(Registration(Authenticator().client_data("webauthn.create", CHALLENGE), attestation), CHALLENGE)


def test_base64url_has_one_form() -> None:
    """With padding, or with bits that no byte needs, the same id would have another name."""
    device = Authenticator(credential=b"1234567890123456")
    passkey, response = stored(device), device.sign(CHALLENGE)
    for other in (f"{response.credential_id}==", response.credential_id[:-1] + "h"):
        with pytest.raises(Counterfeit):
            SITE.signed(replace(response, credential_id=other), replace(passkey, credential_id=other), CHALLENGE)


DEVICE = Authenticator()
STORED = stored(DEVICE)
_NESTED = secrets.base64url(b"\x81" * 9000)
_PIECES = st.one_of(
    st.text(max_size=60),
    st.binary(max_size=200).map(secrets.base64url),
    st.dictionaries(
        st.sampled_from(["type", "challenge", "origin", "crossOrigin"]), st.text() | st.none() | st.integers()
    )
    .map(json.dumps)
    .map(lambda text: secrets.base64url(text.encode())),
    st.recursive(st.none() | st.integers(), lambda inner: st.lists(inner, max_size=3)).map(
        lambda value: secrets.base64url(json.dumps(value).encode())
    ),
    st.just(_NESTED),
)


@exactly
@given(_PIECES, _PIECES, _PIECES, _PIECES)
def test_malformed_responses_are_refused(one: str, two: str, three: str, four: str) -> None:
    """Whatever the bytes are, parsing them raises nothing else."""
    passkey = replace(STORED, credential_id=one)
    client_data = Authenticator().client_data("webauthn.get", CHALLENGE)
    made = Authenticator().client_data("webauthn.create", CHALLENGE)
    attempts = (
        lambda: SITE.created(Registration(one, two), CHALLENGE),
        lambda: SITE.created(Registration(made, two), CHALLENGE),
        lambda: SITE.signed(Assertion(one, two, three, four), passkey, CHALLENGE),
        lambda: SITE.signed(Assertion(one, client_data, three, four), passkey, CHALLENGE),
    )
    for attempt in attempts:
        with pytest.raises(Counterfeit):
            attempt()


def test_a_refused_response_is_forgotten_at_once() -> None:
    """The frames of a parser that met 9,000 nested lists hold megabytes, and a collection may be far away."""
    made = Authenticator().client_data("webauthn.create", CHALLENGE)
    gc.collect()
    gc.disable()
    try:
        with suppress(Counterfeit):
            SITE.created(Registration(made, _NESTED), CHALLENGE)
        assert gc.collect() == 0
    finally:
        gc.enable()


@exactly
@given(st.integers(0, 400), st.integers(0, 255))
def test_no_byte_of_a_registration_can_break_the_parser(at: int, value: int) -> None:
    """A changed byte gives another passkey or a refusal, and never another error."""
    response = DEVICE.create(CHALLENGE, USER)
    raw = bytearray(websafe_decode(response.attestation))
    raw[at % len(raw)] = value
    try:
        created = SITE.created(replace(response, attestation=websafe_encode(bytes(raw))), CHALLENGE)
    except Counterfeit:
        return
    assert isinstance(created, Credential)
