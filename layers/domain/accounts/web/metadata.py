"""Public metadata of the authorization server and of this service, which anyone may cache (RFC 7517, 8414, 9728)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from accounts.limits import PUBLIC_METADATA_KEPT
from accounts.model.resources import MEANINGS, Resources
from accounts.web import responses, routes
from accounts.web.responses import Response

# RFC 8628 3.4.
DEVICE_CODE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_KEPT = {"cache-control": f"public, max-age={int(PUBLIC_METADATA_KEPT.total_seconds())}"}


def server(resources: Resources) -> Response:
    """Endpoints, supported features and resource servers (RFC 8414 2, RFC 9207 3, RFC 9728 4)."""
    site_url = resources.issuer
    body = {
        "issuer": site_url,
        "authorization_endpoint": f"{site_url}{routes.CONSENT_PAGE.path}",
        "token_endpoint": f"{site_url}{routes.CLIENT_TOKEN.path}",
        "revocation_endpoint": f"{site_url}{routes.CLIENT_REVOKE.path}",
        "device_authorization_endpoint": f"{site_url}{routes.DEVICE_AUTHORIZE.path}",
        "jwks_uri": f"{site_url}{routes.SIGNING_KEYS.path}",
        "scopes_supported": sorted(resources.scopes),
        "protected_resources": list(resources.audiences),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", DEVICE_CODE_GRANT],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }
    return responses.ok(body, headers=_KEPT)


def resource(site_url: str, name: str) -> Response:
    """Which tokens this service accepts, and who issues them (RFC 9728 2)."""
    body = {
        "resource": site_url,
        "resource_name": name,
        "authorization_servers": [site_url],
        "scopes_supported": list(MEANINGS),
        "bearer_methods_supported": ["header"],
    }
    return responses.ok(body, headers=_KEPT)


def keys(public: Sequence[Mapping[str, str]]) -> Response:
    """The public keys that verify access tokens, as a JWK Set."""
    return responses.ok({"keys": [dict(key) for key in public]}, headers=_KEPT)
