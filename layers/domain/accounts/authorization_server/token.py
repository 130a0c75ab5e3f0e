"""The token endpoint (RFC 6749 3.2): which grant it is and whether it is whole says authlib, the rest says a story."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from authlib.oauth2.base import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc8628 import DeviceCodeGrant
from msgspec import Struct

from accounts.authorization_server.pkce import METHOD, StrictChallenge
from accounts.authorization_server.protocol import PUBLIC, PublicClient, Server, demand_our_resource, refusal
from accounts.authorization_server.protocol import Asked as Request
from accounts.errors import ClientRefused
from accounts.flows.clients import device_login
from accounts.flows.clients.client_login import ClientLogin
from accounts.flows.clients.client_sessions import Tokens
from accounts.flows.clients.device_login import DeviceLogin
from accounts.flows.clients.token_refresh import TokenRefresh
from accounts.model.audit import Caller
from accounts.model.clients import Clients
from accounts.model.one_time_tokens import AuthorizationCode, DeviceRequest, OneTimeToken
from accounts.model.sessions import Session


class Stories(Struct, frozen=True):
    """What each grant ends in."""

    login: ClientLogin
    refresh: TokenRefresh
    device: DeviceLogin


class TokenServer(Server):
    """authlib's server with the stories behind its grants."""

    def __init__(self, known: Clients, stories: Stories) -> None:
        """Offer every grant that has a story."""
        super().__init__(known)
        self.stories = stories
        self.register_grant(CodeGrant, [StrictChallenge(required=True)])
        self.register_grant(RefreshGrant)
        self.register_grant(DeviceGrant)


class TokenEndpoint:
    """Answers clients that want tokens. ``issuer`` is our own origin."""

    def __init__(self, known: Clients, stories: Stories, issuer: str) -> None:
        """Make the server once: it keeps nothing of a request."""
        self._server = TokenServer(known, stories)
        self._issuer = issuer

    def tokens(self, form: Mapping[str, str], caller: Caller, now: datetime) -> Tokens:
        """A pair of tokens; raises ClientRefused or one of its kinds, Unavailable."""
        if "grant_type" not in form:
            # authlib would call it a grant type that is not supported.
            raise ClientRefused
        request = Request(form, caller, now)
        try:
            grant = self._server.get_token_grant(request)
            demand_our_resource(form, self._issuer)
            grant.validate_token_request()
            tokens: Tokens = grant.create_token_response()
        except OAuth2Error as error:
            raise refusal(error) from error
        return tokens


class FoundCode:
    """A code as authlib asks about it."""

    code_challenge_method = METHOD

    def __init__(self, token: OneTimeToken) -> None:
        """Speak for ``token``."""
        self.token = token
        self._code = AuthorizationCode.of(token)
        self.code_challenge = self._code.challenge

    def get_redirect_uri(self) -> str:
        """Where it was sent, which the client must say again (RFC 6749 4.1.3)."""
        return self._code.redirect_uri

    def get_scope(self) -> str:
        """What the person allowed."""
        return self._code.scope


class FoundSession:
    """A refresh token as authlib asks about it."""

    def __init__(self, session: Session) -> None:
        """Speak for ``session``."""
        self.session = session

    def check_client(self, client: PublicClient) -> bool:
        """Whether it is that client's."""
        return self.session.client_id == client.get_client_id()

    def get_scope(self) -> str:
        """What the person allowed."""
        return self.session.scope


class FoundDevice:
    """A device code as authlib asks about it."""

    def __init__(self, token: OneTimeToken, now: datetime) -> None:
        """Speak for ``token`` at the moment ``now``."""
        self.token = token
        self._now = now

    def get_client_id(self) -> str:
        """Whose it is."""
        return DeviceRequest.of(self.token).client_id

    def get_user_code(self) -> OneTimeToken:
        """By what the person's answer is found: it stands on the token itself, and the code they type is not kept."""
        return self.token

    def is_expired(self) -> bool:
        """Whether its ten minutes are over."""
        return self._now >= self.token.expires_at


class CodeGrant(AuthorizationCodeGrant):
    """``grant_type=authorization_code``."""

    TOKEN_ENDPOINT_AUTH_METHODS = PUBLIC

    def query_authorization_code(self, code: str, client: PublicClient) -> FoundCode:
        """The code, if it is alive and that client's."""
        story, asked = self.server.stories.login, self.request
        return FoundCode(story.find(code, client.get_client_id(), asked.caller, asked.now))

    def create_token_response(self) -> Tokens:
        """In one transaction, where authlib has three steps."""
        asked = self.request
        tokens: Tokens = self.server.stories.login.redeem(asked.authorization_code.token, asked.caller, asked.now)
        return tokens


class RefreshGrant(RefreshTokenGrant):
    """``grant_type=refresh_token``."""

    TOKEN_ENDPOINT_AUTH_METHODS = PUBLIC

    def authenticate_refresh_token(self, refresh_token: str) -> FoundSession:
        """The session that the token, old or new, belongs to."""
        return FoundSession(self.server.stories.refresh.find(refresh_token, self.request.caller, self.request.now))

    def create_token_response(self) -> Tokens:
        """In one transaction, where authlib has three steps."""
        asked: Any = self.request
        token, session = asked.form["refresh_token"], asked.refresh_token.session
        tokens: Tokens = self.server.stories.refresh.exchange(token, session, asked.caller, asked.now)
        return tokens


class DeviceGrant(DeviceCodeGrant):
    """``grant_type=urn:ietf:params:oauth:grant-type:device_code``."""

    TOKEN_ENDPOINT_AUTH_METHODS = PUBLIC

    def query_device_credential(self, device_code: str) -> FoundDevice:
        """The code, if it is that client's, which is authenticated by now."""
        asked = self.request
        story: DeviceLogin = self.server.stories.device
        return FoundDevice(story.find(device_code, asked.form["client_id"], asked.caller, asked.now), asked.now)

    def query_user_grant(self, token: OneTimeToken) -> tuple[str, bool] | None:
        """Who has answered, and whether they said yes."""
        return device_login.answered(token)

    def should_slow_down(self, found: FoundDevice) -> bool:
        """Whether it asks too often."""
        story: DeviceLogin = self.server.stories.device
        return story.is_too_soon(found.token, self.request.now)

    def create_token_response(self) -> Tokens:
        """In one transaction, where authlib has two steps."""
        asked = self.request
        tokens: Tokens = self.server.stories.device.redeem(asked.credential.token, asked.caller, asked.now)
        return tokens
