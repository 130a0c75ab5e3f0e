"""The token endpoint (RFC 6749 3.2): authlib selects and checks the grant; a flow issues the tokens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from authlib.oauth2.base import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc8628 import DeviceCodeGrant
from msgspec import Struct

from accounts.authorization_server.pkce import METHOD, StrictChallenge
from accounts.authorization_server.protocol import PUBLIC, PublicClient, Server, named_resource, refusal
from accounts.authorization_server.protocol import Asked as Request
from accounts.errors import ClientRefused, InvalidGrant, InvalidTarget
from accounts.flows.clients import device_login
from accounts.flows.clients.client_login import ClientLogin
from accounts.flows.clients.client_sessions import Tokens
from accounts.flows.clients.device_login import DeviceLogin
from accounts.flows.clients.token_refresh import TokenRefresh
from accounts.model.audit import Caller
from accounts.model.clients import Clients
from accounts.model.one_time_tokens import AuthorizationCode, DeviceRequest, OneTimeToken
from accounts.model.resources import Resource, Resources
from accounts.model.sessions import Session


class GrantFlows(Struct, frozen=True):
    """The flow of each grant."""

    login: ClientLogin
    refresh: TokenRefresh
    device: DeviceLogin


class TokenServer(Server):
    """authlib's server with the three grants and their flows."""

    def __init__(self, known: Clients, flows: GrantFlows, resources: Resources) -> None:
        super().__init__(known)
        self.flows = flows
        self.resources = resources
        self.register_grant(CodeGrant, [StrictChallenge(required=True)])
        self.register_grant(RefreshGrant)
        self.register_grant(DeviceGrant)


class TokenEndpoint:
    """Issues tokens to clients."""

    def __init__(self, known: Clients, flows: GrantFlows, resources: Resources) -> None:
        self._known = known
        self._server = TokenServer(known, flows, resources)
        self._resources = resources

    def tokens(self, form: Mapping[str, str], caller: Caller, now: datetime) -> Tokens:
        """Access and refresh token; raises ClientRefused or a subclass, Unavailable."""
        if "grant_type" not in form:
            # authlib would report unsupported_grant_type.
            raise ClientRefused
        client = self._known.get(form.get("client_id", ""))
        # A code is bound to the canonical form of its redirect URI.
        request = Request(client.asked(form) if client else form, caller, now)
        try:
            grant = self._server.get_token_grant(request)
            named = named_resource(form, self._resources)
            grant.validate_token_request()
            self._check_resource(grant.resource, named if "resource" in form else None)
            tokens: Tokens = grant.create_token_response()
        except OAuth2Error as error:
            raise refusal(error) from error
        return tokens

    def _check_resource(self, granted: str, named: Resource | None) -> None:
        """Refuse a grant for another resource than ``named``, and one whose resource is no longer configured.

        A grant is for one resource, so that neither a code nor a refresh token opens another one (RFC 8707 2.2).
        """
        resource = self._resources.at(granted)
        if resource is None:
            raise InvalidGrant
        if named is not None and named != resource:
            raise InvalidTarget


class FoundCode:
    """An authorization code behind authlib's interface."""

    code_challenge_method = METHOD

    def __init__(self, token: OneTimeToken) -> None:
        self.token = token
        self._code = AuthorizationCode.of(token)
        self.code_challenge = self._code.challenge
        self.resource = self._code.resource

    def get_redirect_uri(self) -> str:
        """The redirect URI that the code was sent to; the client must repeat it (RFC 6749 4.1.3)."""
        return self._code.redirect_uri

    def get_scope(self) -> str:
        return self._code.scope


class FoundSession:
    """A refresh token's session behind authlib's interface."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def check_client(self, client: PublicClient) -> bool:
        return self.session.client_id == client.get_client_id()

    def get_scope(self) -> str:
        return self.session.scope


class FoundDevice:
    """A device code behind authlib's interface."""

    def __init__(self, token: OneTimeToken, now: datetime) -> None:
        self.token = token
        self._now = now

    def get_client_id(self) -> str:
        return DeviceRequest.of(self.token).client_id

    def get_user_code(self) -> OneTimeToken:
        """The argument of ``query_user_grant``: the token, which holds the answer. User codes are not stored."""
        return self.token

    def is_expired(self) -> bool:
        return self._now >= self.token.expires_at


class CodeGrant(AuthorizationCodeGrant):
    """``grant_type=authorization_code``."""

    TOKEN_ENDPOINT_AUTH_METHODS = PUBLIC

    @property
    def resource(self) -> str:
        found: FoundCode = self.request.authorization_code
        return found.resource

    def query_authorization_code(self, code: str, client: PublicClient) -> FoundCode:
        """The code, if it is valid and was issued to this client."""
        flow, asked = self.server.flows.login, self.request
        return FoundCode(flow.find(code, client.get_client_id(), asked.caller, asked.now))

    def create_token_response(self) -> Tokens:
        """One transaction instead of authlib's three steps."""
        asked = self.request
        tokens: Tokens = self.server.flows.login.redeem(asked.authorization_code.token, asked.caller, asked.now)
        return tokens


class RefreshGrant(RefreshTokenGrant):
    """``grant_type=refresh_token``."""

    TOKEN_ENDPOINT_AUTH_METHODS = PUBLIC

    @property
    def resource(self) -> str:
        found: FoundSession = self.request.refresh_token
        return found.session.resource

    def authenticate_refresh_token(self, refresh_token: str) -> FoundSession:
        """The session of the token, which may be its current or a previous one."""
        return FoundSession(self.server.flows.refresh.find(refresh_token, self.request.caller, self.request.now))

    def create_token_response(self) -> Tokens:
        """One transaction instead of authlib's three steps. The scope is what was granted and still exists, or less."""
        asked: Any = self.request
        token, session = asked.form["refresh_token"], asked.refresh_token.session
        scope = self.server.resources.at(session.resource).limited(asked.form.get("scope") or session.scope)
        if not scope:
            raise InvalidGrant
        tokens: Tokens = self.server.flows.refresh.exchange(token, session, scope, asked.caller, asked.now)
        return tokens


class DeviceGrant(DeviceCodeGrant):
    """``grant_type=urn:ietf:params:oauth:grant-type:device_code``."""

    TOKEN_ENDPOINT_AUTH_METHODS = PUBLIC

    @property
    def resource(self) -> str:
        return DeviceRequest.of(self.request.credential.token).resource

    def query_device_credential(self, device_code: str) -> FoundDevice:
        """The code, if it was issued to this client. authlib has authenticated the client before."""
        asked = self.request
        flow: DeviceLogin = self.server.flows.device
        return FoundDevice(flow.find(device_code, asked.form["client_id"], asked.caller, asked.now), asked.now)

    def query_user_grant(self, token: OneTimeToken) -> tuple[str, bool] | None:
        """The account that answered, and whether it allowed the login; None while unanswered."""
        return device_login.answered(token)

    def should_slow_down(self, found: FoundDevice) -> bool:
        flow: DeviceLogin = self.server.flows.device
        return flow.is_too_soon(found.token, self.request.now)

    def create_token_response(self) -> Tokens:
        """One transaction instead of authlib's two steps."""
        asked = self.request
        tokens: Tokens = self.server.flows.device.redeem(asked.credential.token, asked.caller, asked.now)
        return tokens
