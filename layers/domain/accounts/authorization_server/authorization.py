"""The authorization endpoint (RFC 6749 3.1), called by the consent page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from authlib.oauth2.base import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationCodeGrant

from accounts.authorization_server.login_requirements import requirement
from accounts.authorization_server.pkce import StrictChallenge
from accounts.authorization_server.protocol import Asked, Server, refusal, requested
from accounts.errors import AccessDenied, ClientRefused, RedirectNotAllowed, UnknownClient
from accounts.flows.clients import step_up
from accounts.flows.clients.client_consent import Answered, ClientConsent, Question, Seen, Shown, answer_url
from accounts.flows.clients.client_descriptions import ClientDescriptions
from accounts.limits import STATE_MAX_CHARACTERS, URL_MAX_CHARACTERS
from accounts.model import consents
from accounts.model.audit import Caller
from accounts.model.client_documents import AUTHORIZATION_CODE
from accounts.model.clients import Client, Clients
from accounts.model.consents import ALLOW
from accounts.model.resources import Resources
from accounts.model.sessions import Session


class AuthorizationEndpoint:
    """Checks a client's request and builds the redirect back to it."""

    def __init__(
        self, known: Clients, descriptions: ClientDescriptions, consent: ClientConsent, resources: Resources
    ) -> None:
        self._known = known
        self._descriptions = descriptions
        self._consent = consent
        self._resources = resources

    def shown(self, parameters: Mapping[str, str], session: Session | None, caller: Caller, now: datetime) -> Shown:
        """The consent question, or a redirect with an error.

        Without a session, a client's document is not fetched, and nothing is shown but that a login is needed. Raises
        UnknownClient, ClientDocumentRefused, RedirectNotAllowed, TooManyAttempts, Unavailable.
        """
        user = self._consent.shown(session, caller, now)
        client = self._client(parameters)
        if client.host and (session is None or user is None):
            return Shown(None, None)
        client, asked = self._asked(client, parameters, session, caller, now)
        try:
            question = self._question(client, asked, caller, now)
            step_up.check_shown(question.login, session, user, now)
            return Shown(question, user)
        except ClientRefused as error:
            return Shown(None, user, self._refused(asked, error))

    def answered(
        self,
        parameters: Mapping[str, str],
        decision: str,
        seen: Seen,
        session: Session,
        caller: Caller,
        now: datetime,
    ) -> Answered:
        """Carry out the owner's ``decision`` about what the page showed.

        Raises Unauthenticated, ReauthenticationRequired, StepUpRequired, AccountChanged, ClientChanged, InvalidInput,
        UnknownClient, ClientDocumentRefused, RedirectNotAllowed.
        """
        self._consent.check_asked(seen.account, session, now)
        decided = consents.decision(decision)
        client, asked = self._asked(self._client(parameters), parameters, session, caller, now)
        client.check_shown(seen.fingerprint)
        try:
            question = self._question(client, asked, caller, now)
            if decided != ALLOW:
                raise AccessDenied
            return Answered(self._consent.allow(session, question, seen.asked_at, now), session.user_id)
        except ClientRefused as error:
            return Answered(self._refused(asked, error), session.user_id)

    def _client(self, parameters: Mapping[str, str]) -> Client:
        client = self._known.get(parameters.get("client_id", ""))
        if client is None:
            raise UnknownClient
        return client

    def _asked(
        self, named: Client, parameters: Mapping[str, str], session: Session | None, caller: Caller, now: datetime
    ) -> tuple[Client, Mapping[str, str]]:
        """The client and its parameters, without those that have no value (RFC 6749 3.1).

        Checked first: with an unknown client or redirect URI, the browser is not redirected (RFC 6749 4.1.2.1).
        """
        user_id = session.user_id if session else ""
        client = self._descriptions.of(named, AUTHORIZATION_CODE, user_id, caller, now)
        if client.redirect(parameters.get("redirect_uri", "")) is None:
            raise RedirectNotAllowed
        return client, client.asked({name: value for name, value in parameters.items() if value})

    def _question(self, client: Client, parameters: Mapping[str, str], caller: Caller, now: datetime) -> Question:
        state = parameters.get("state", "")
        if len(state) > STATE_MAX_CHARACTERS or not _is_returnable(state):
            message = f"Send a state of at most {STATE_MAX_CHARACTERS} characters of printable ASCII."
            raise ClientRefused(message)
        request = Asked(parameters, caller, now)
        try:
            grant = _server_for(client).get_authorization_grant(request)
            grant.validate_consent_request()
        except OAuth2Error as error:
            raise refusal(error) from error
        resource, scope = requested(parameters, self._resources)
        return Question(
            client=client,
            redirect_uri=parameters["redirect_uri"],
            state=state,
            resource=resource,
            scope=scope,
            challenge=parameters["code_challenge"],
            login=requirement(parameters),
        )

    def _refused(self, parameters: Mapping[str, str], error: ClientRefused) -> str:
        """The redirect that reports the error to the client."""
        state = parameters.get("state", "")
        answer = {"error": error.code, "error_description": error.message, "iss": self._resources.issuer}
        return answer_url(parameters["redirect_uri"], answer | {"state": state if _is_returnable(state) else ""})


def _server_for(client: Client) -> Server:
    """Create authlib's server, which has to find the client as its document describes it."""
    server = Server(Clients({client.client_id: client}))
    server.register_grant(AuthorizationCodeGrant, [StrictChallenge(required=True)])
    return server


def _is_returnable(state: str) -> bool:
    """Whether an error can return the state unchanged (RFC 6749 4.1.2.1, A.5), also one that is too long to accept."""
    return len(state) <= URL_MAX_CHARACTERS and state.isascii() and state.isprintable()
