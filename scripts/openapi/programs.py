"""The routes of programs and machines: API keys, OAuth, ComfyUI's workspaces."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from accounts import errors
from accounts.model.leak_reports import LeakMatch
from accounts.web import (
    client_schemas,
    consent_questions,
    device,
    key_presenters,
    key_schemas,
    metadata,
    oauth_server,
    routes,
    workspaces,
)
from accounts.web.leak_reports import LeakFeedback
from scripts.openapi.operation import Operation, Parameter, done, each, ok

_KEYS, _OAUTH, _DEVICE, _WORKSPACE = "API keys", "OAuth", "OAuth for devices", "Workspaces"
_METADATA = "OAuth"
_KEPT = "Cache-Control"


class AuthorizationCodeGrant(Struct):
    """Exchanges an authorization code (RFC 6749 4.1.3, RFC 7636)."""

    grant_type: Literal["authorization_code"]
    code: str
    redirect_uri: str
    code_verifier: str
    client_id: str = ""
    resource: str = ""


class RefreshTokenGrant(Struct):
    """Exchanges a refresh token (RFC 6749 6); each works once."""

    grant_type: Literal["refresh_token"]
    refresh_token: str
    client_id: str = ""
    scope: str = ""
    resource: str = ""


class DeviceCodeGrant(Struct):
    """Asks whether the owner has allowed the device (RFC 8628 3.4)."""

    grant_type: Literal["urn:ietf:params:oauth:grant-type:device_code"]
    device_code: str
    client_id: str = ""
    resource: str = ""


class DeviceAuthorizationRequest(Struct):
    """Asks for the codes of a device (RFC 8628 3.1)."""

    client_id: str = ""
    scope: str = ""
    resource: str = ""


class RevocationRequest(Struct):
    """Names the token whose session ends (RFC 7009 2.1)."""

    token: str
    client_id: str = ""
    token_type_hint: Annotated[str, Meta(description="Ignored.")] = ""


_ASKED = (
    Parameter("client_id", "The program.", required=True, example="comfy-cli"),
    Parameter("redirect_uri", "Where the answer goes.", required=True, example="http://127.0.0.1:49152/callback"),
    Parameter("response_type", "`code`.", example="code"),
    Parameter("state", "Returned unchanged.", example="sample-state"),
    Parameter("scope", "Separated by spaces; everything that the resource offers without it.", example="account"),
    Parameter("code_challenge", "PKCE (RFC 7636).", example="E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
    Parameter("code_challenge_method", "`S256`.", example="S256"),
    Parameter("resource", "The service that the token is for (RFC 8707); this one without it."),
    Parameter("max_age", "How many seconds old the owner's login may be (RFC 9470); 0 asks for a new one."),
    Parameter("acr_values", "How strong the login must be: values of the metadata, of which one is enough."),
    Parameter("prompt", "`login` is as `max_age=0`; with `none`, the program gets an error instead of a question."),
)
_DOCUMENT = (errors.UnknownClient, errors.ClientDocumentRefused)
_INVALID_REQUEST = (*_DOCUMENT, errors.RedirectNotAllowed)
_FRESH = (errors.ReauthenticationRequired, errors.StepUpRequired)
_CLIENT = (errors.ClientRefused, errors.InvalidClient, errors.ClientAuthentication)

KEYS = (
    Operation(
        route=routes.KEY_LIST,
        tag=_KEYS,
        summary="Lists API keys",
        answers=(ok(key_presenters.Keys, "The account's keys, without their text."),),
    ),
    Operation(
        route=routes.KEY_CREATE,
        tag=_KEYS,
        summary="Creates an API key and returns it; no later response contains it",
        body=key_schemas.KeyCreate,
        answers=(ok(key_presenters.KeyCreated, "The key, with its text.", status=201),),
        errors=(errors.KeyLimitReached,),
    ),
    Operation(
        route=routes.KEY_UPDATE,
        tag=_KEYS,
        summary="Renames an API key, describes it, or changes the networks that it may come from or its scopes",
        body=key_schemas.KeyUpdate,
        answers=(done("The key is as sent. If it may do more than before, its owner is emailed."),),
        errors=(errors.ReauthenticationRequired,),
    ),
    Operation(
        route=routes.KEY_ROTATE,
        tag=_KEYS,
        summary="Gives an API key a new secret and returns it; no later response contains it",
        body=key_schemas.KeyRotate,
        answers=(ok(key_presenters.KeyCreated, "The key, with its new text.", status=201),),
        errors=(errors.KeyNotRotatable,),
    ),
    Operation(
        route=routes.KEY_END_OLD,
        tag=_KEYS,
        summary="Ends the old secret of an API key that was rotated",
        answers=(done("Only the new secret works."),),
    ),
    Operation(
        route=routes.KEY_DELETE,
        tag=_KEYS,
        summary="Deletes an API key, which stops working at once",
        answers=(done("The key is deleted."),),
    ),
    Operation(
        route=routes.KEY_VERIFY,
        tag=_KEYS,
        summary="Returns the owner, name and description of an API key, to another service of the deployment",
        body=key_schemas.KeyVerify,
        answers=(
            ok((key_presenters.KeyOwner, key_presenters.NoKey), "The key's owner, or that the key is not valid."),
        ),
    ),
    Operation(
        route=routes.KEY_REPORT,
        tag=_KEYS,
        summary="Revokes the API keys in a report of GitHub's secret scanning",
        description=(
            "The header `Github-Public-Key-Signature` has an ECDSA signature (NIST P-256, SHA-256, DER in base64) over "
            "the body as it was sent, by the key that `Github-Public-Key-Identifier` names. The response says of each "
            "text whether it is an API key by its checksum, not whether it works here."
        ),
        credential="signature",
        body=LeakMatch,
        many=True,
        answers=(each(LeakFeedback, "An array that says of each text what it is."),),
        errors=(errors.InvalidSignature, errors.NotFound, errors.MailUnavailable),
    ),
)
WORKSPACES = (
    Operation(
        route=routes.WORKSPACE_LIST,
        tag=_WORKSPACE,
        summary="Returns the account as the one personal workspace that ComfyUI's frontend expects",
        answers=(ok(workspaces.Workspaces, "One workspace."),),
    ),
    Operation(
        route=routes.WORKSPACE_CURRENT,
        tag=_WORKSPACE,
        summary="Returns the account as the workspace of the credential",
        answers=(ok(workspaces.CurrentWorkspace, "The workspace, and the kind of the credential."),),
    ),
    Operation(
        route=routes.WORKSPACE_MEMBERS,
        tag=_WORKSPACE,
        summary="Returns the workspace's one member",
        answers=(ok(workspaces.Members, "The owner."),),
    ),
)
OAUTH = (
    Operation(
        route=routes.CLIENT_QUESTION,
        tag=_OAUTH,
        summary="Returns what a program asks for, for the consent page",
        query=_ASKED,
        answers=(
            ok(
                (consent_questions.ConsentQuestion, consent_questions.RedirectTo, consent_questions.LoginNeeded),
                "The question; for a request with an error that the program is told, where to send the browser; or "
                "that the owner must log in first.",
            ),
        ),
        errors=_INVALID_REQUEST,
    ),
    Operation(
        route=routes.CLIENT_AUTHORIZE,
        tag=_OAUTH,
        summary="Allows a program, in a fresh session, or denies it: `decision` is `allow` or `deny`",
        body=client_schemas.Consent,
        answers=(ok(consent_questions.RedirectTo, "Where to send the browser: the program, with a code or an error."),),
        errors=(*_INVALID_REQUEST, *_FRESH, errors.AccountChanged, errors.ClientChanged),
    ),
    Operation(
        route=routes.CLIENT_TOKEN,
        tag=_OAUTH,
        summary="Exchanges a code, a device code or a refresh token for tokens (form, RFC 6749)",
        credential="PKCE S256",
        form=(AuthorizationCodeGrant, RefreshTokenGrant, DeviceCodeGrant),
        answers=(ok(oauth_server.TokenPair, "An access token and the next refresh token."),),
        errors=(
            *_CLIENT,
            errors.InvalidGrant,
            errors.UnsupportedGrantType,
            errors.InvalidScope,
            errors.InvalidTarget,
            errors.AccessDenied,
            errors.AuthorizationPending,
            errors.SlowDown,
            errors.ExpiredToken,
        ),
    ),
    Operation(
        route=routes.CLIENT_REVOKE,
        tag=_OAUTH,
        summary="Logs a program out (form, RFC 7009)",
        credential="refresh or access token",
        form=(RevocationRequest,),
        answers=(ok(oauth_server.Revoked, "The token's session has ended, or there was none."),),
        errors=_CLIENT,
    ),
    Operation(
        route=routes.CLIENT_METADATA,
        tag=_METADATA,
        summary="Returns metadata for clients (RFC 8414)",
        answers=(ok(metadata.ServerMetadata, "Endpoints and what they support.", _KEPT),),
    ),
    Operation(
        route=routes.SIGNING_KEYS,
        tag=_METADATA,
        summary="Returns the public keys of access tokens",
        answers=(ok(metadata.KeySet, "A JWK Set (RFC 7517).", _KEPT),),
    ),
    Operation(
        route=routes.RESOURCE_METADATA,
        tag=_METADATA,
        summary="Says which tokens this service accepts and who issues them (RFC 9728)",
        answers=(ok(metadata.ResourceMetadata, "This service as a protected resource.", _KEPT),),
    ),
)
DEVICES = (
    Operation(
        route=routes.DEVICE_AUTHORIZE,
        tag=_DEVICE,
        summary="Returns the two codes for a machine without a browser (form, RFC 8628)",
        form=(DeviceAuthorizationRequest,),
        answers=(ok(oauth_server.DeviceCodes, "The code for the machine, and the one that the owner enters."),),
        errors=(*_CLIENT, errors.InvalidScope, errors.InvalidTarget),
    ),
    Operation(
        route=routes.DEVICE_QUESTION,
        tag=_DEVICE,
        summary="Returns which program asks, for the page on which the owner enters the code",
        body=client_schemas.DeviceEntry,
        example={"user_code": "XMPL-CDXX"},
        answers=(ok(device.DeviceQuestion, "The question."),),
        errors=(errors.InvalidUserCode, *_DOCUMENT),
    ),
    Operation(
        route=routes.DEVICE_ANSWER,
        tag=_DEVICE,
        summary="Allows a program on a machine, in a fresh session, or denies it: `decision` is `allow` or `deny`",
        body=client_schemas.DeviceAnswer,
        answers=(done("The decision is stored; the machine gets its answer when it next asks."),),
        errors=(errors.InvalidUserCode, errors.ReauthenticationRequired, *_DOCUMENT, errors.ClientChanged),
    ),
)
PROGRAMS = (*KEYS, *WORKSPACES, *OAUTH, *DEVICES)
