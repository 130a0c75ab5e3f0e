"""The edge to cryptography for reports of leaked keys: ECDSA with NIST P-256 and SHA-256, as GitHub signs them."""

from __future__ import annotations


def is_signed(key: str, signature: bytes, body: bytes) -> bool:
    """Whether ``key``, in PEM, signed these bytes. ``signature`` is in DER."""
    # Only for a report that names a current key: importing cryptography takes longer than the rest.
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    try:
        public = load_pem_public_key(key.encode())
    except (ValueError, UnsupportedAlgorithm):
        return False
    if not isinstance(public, EllipticCurvePublicKey) or not isinstance(public.curve, SECP256R1):
        return False
    try:
        public.verify(signature, body, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True
