"""Public metadata of the authorization server and of this service, which anyone may cache (RFC 7517, 8414, 9728)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from accounts.limits import PUBLIC_METADATA_KEPT
from accounts.model.assurance import ACR_VALUES
from accounts.model.resources import MEANINGS, Resources
from accounts.web import responses, routes
from accounts.web.responses import Response

# RFC 8628 3.4.
DEVICE_CODE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_KEPT = {"cache-control": f"public, max-age={int(PUBLIC_METADATA_KEPT.total_seconds())}"}


class ServerMetadata(Struct, kw_only=True):
    """Endpoints, supported features and resource servers (RFC 8414 2, RFC 9207 3, RFC 9470 7, RFC 9728 4)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str
    device_authorization_endpoint: str
    jwks_uri: str
    scopes_supported: Sequence[str]
    protected_resources: Sequence[str]
    response_types_supported: Sequence[str] = ("code",)
    response_modes_supported: Sequence[str] = ("query",)
    grant_types_supported: Sequence[str] = ("authorization_code", "refresh_token", DEVICE_CODE_GRANT)
    token_endpoint_auth_methods_supported: Sequence[str] = ("none",)
    revocation_endpoint_auth_methods_supported: Sequence[str] = ("none",)
    acr_values_supported: Sequence[str] = ACR_VALUES
    code_challenge_methods_supported: Sequence[str] = ("S256",)
    authorization_response_iss_parameter_supported: bool = True
    client_id_metadata_document_supported: bool


class ResourceMetadata(Struct, kw_only=True):
    """Which tokens this service accepts, and who issues them (RFC 9728 2)."""

    resource: str
    resource_name: str
    authorization_servers: Sequence[str]
    scopes_supported: Sequence[str]
    bearer_methods_supported: Sequence[str] = ("header",)


class SigningKey(Struct):
    """A public key that verifies access tokens (RFC 7517)."""

    kty: str
    crv: str
    use: str
    alg: str
    kid: str
    x: str
    y: str


class KeySet(Struct):
    """The public keys that verify access tokens, as a JWK Set."""

    keys: list[SigningKey]


def server(resources: Resources, *, reads_documents: bool) -> Response:
    """``reads_documents``: a client may be described by a document at the URL that is its id."""
    site_url = resources.issuer
    body = ServerMetadata(
        issuer=site_url,
        authorization_endpoint=f"{site_url}{routes.CONSENT_PAGE.path}",
        token_endpoint=f"{site_url}{routes.CLIENT_TOKEN.path}",
        revocation_endpoint=f"{site_url}{routes.CLIENT_REVOKE.path}",
        device_authorization_endpoint=f"{site_url}{routes.DEVICE_AUTHORIZE.path}",
        jwks_uri=f"{site_url}{routes.SIGNING_KEYS.path}",
        scopes_supported=sorted(resources.scopes),
        protected_resources=resources.audiences,
        client_id_metadata_document_supported=reads_documents,
    )
    return responses.ok(body, headers=_KEPT)


def resource(site_url: str, name: str) -> Response:
    body = ResourceMetadata(
        resource=site_url,
        resource_name=name,
        authorization_servers=[site_url],
        scopes_supported=list(MEANINGS),
    )
    return responses.ok(body, headers=_KEPT)


def keys(public: Sequence[Mapping[str, str]]) -> Response:
    return responses.ok(KeySet([SigningKey(**key) for key in public]), headers=_KEPT)
