"""GET /oauth/authorize/request and POST /oauth/authorize: show what a client asks for, and store the decision."""

from accounts import deployment
from accounts.flows.clients.client_consent import Seen
from accounts.web import client_schemas, consent_questions, responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
AUTHORIZATION_ENDPOINT = DEPLOYMENT.authorization_endpoint


@endpoint(routes.CLIENT_AUTHORIZE, DEPLOYMENT, routes.CLIENT_QUESTION)
def lambda_handler(request: Request) -> Response:
    caller, now = request.caller, request.received_at
    if request.route == routes.CLIENT_QUESTION:
        session = request.optional_session
        return consent_questions.shown(AUTHORIZATION_ENDPOINT.shown(request.query(), session, caller, now), now)
    body = request.json(client_schemas.Consent)
    seen = Seen(body.account, body.fingerprint, body.since(now))
    answer = AUTHORIZATION_ENDPOINT.answered(body.question, body.decision, seen, request.session, caller, now)
    return responses.ok(consent_questions.RedirectTo(answer.redirect_to), user_id=answer.user_id)
