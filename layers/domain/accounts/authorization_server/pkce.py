"""Proof Key for Code Exchange: S256, always (RFC 7636; OAuth 2.1 4.1.1)."""

from __future__ import annotations

import re

from authlib.oauth2.rfc6749 import AuthorizationCodeGrant, InvalidRequestError
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7636.challenge import compare_s256_code_challenge

METHOD = "S256"
# A SHA-256 in base64url without padding.
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
# RFC 7636 4.1. authlib's pattern also matches before a trailing newline.
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class StrictChallenge(CodeChallenge):
    """Stricter than authlib: refuses a missing challenge, the method ``plain``, and ``plain`` as the default method."""

    SUPPORTED_CODE_CHALLENGE_METHOD = (METHOD,)
    DEFAULT_CODE_CHALLENGE_METHOD = METHOD
    CODE_CHALLENGE_METHODS = {METHOD: compare_s256_code_challenge}  # noqa: RUF012 - as authlib has it

    def validate_code_challenge(self, grant: AuthorizationCodeGrant, redirect_uri: str) -> None:
        """Require both parameters, and a challenge with the form of a SHA-256."""
        asked = grant.request.payload.data
        if not _CHALLENGE.fullmatch(asked.get("code_challenge", "")) or asked.get("code_challenge_method") != METHOD:
            raise InvalidRequestError("Send a code_challenge with the code_challenge_method S256.")
        super().validate_code_challenge(grant, redirect_uri)

    def validate_code_verifier(self, grant: AuthorizationCodeGrant, result: object) -> None:
        """Require the characters and length of RFC 7636, and a match with the challenge."""
        verifier = grant.request.form.get("code_verifier")
        if verifier is not None and not _VERIFIER.fullmatch(verifier):
            raise InvalidRequestError("Send the code_verifier whose code_challenge you sent: 43 to 128 characters.")
        super().validate_code_verifier(grant, result)
