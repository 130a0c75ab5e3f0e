"""GET /oauth/authorize/request and POST /oauth/authorize: a program asks to be let in, and a person answers."""

from accounts import settings
from accounts.authorization_server.authorization import AuthorizationEndpoint
from accounts.dynamo.one_time_tokens import OneTimeTokensTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.throttles import ThrottlesTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.clients.client_consent import ClientConsent
from accounts.flows.people.authentication import SessionAuthentication
from accounts.model import clients
from accounts.web import oauth_server, responses, routes, schemas
from accounts.web.endpoint import credential_of, endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
CONSENT = ClientConsent(
    authentication=SessionAuthentication(SessionsTable(SETTINGS["SESSIONS_TABLE"])),
    users=UsersTable(SETTINGS["USERS_TABLE"]),
    throttles=ThrottlesTable(SETTINGS["THROTTLES_TABLE"]),
    transactions=DynamoTransactions(OneTimeTokensTable(SETTINGS["ONE_TIME_TOKENS_TABLE"])),
    issuer=SETTINGS.site_url,
)
ENDPOINT = AuthorizationEndpoint(clients.load(SETTINGS.optional("OAUTH_CLIENTS")), CONSENT, SETTINGS.site_url)


@endpoint(routes.CLIENT_AUTHORIZE, SETTINGS, routes.CLIENT_QUESTION)
def lambda_handler(request: Request) -> Response:
    """Tell the page what to ask, or where to send the browser now that the person has answered."""
    caller, now = request.caller, request.received_at
    if request.method == routes.CLIENT_QUESTION.method:
        credential = credential_of(request, routes.CLIENT_QUESTION, SETTINGS)
        return oauth_server.shown(ENDPOINT.shown(request.query(), credential, caller, now))
    credential, body = credential_of(request, routes.CLIENT_AUTHORIZE, SETTINGS), request.json(schemas.Consent)
    answer = ENDPOINT.answered(body.question, body.decision, body.account, credential, caller, now)
    return responses.ok({"redirect_to": answer.redirect_to}, user_id=answer.user_id)
