"""GET /auth/sessions: the sessions of the account."""

from accounts import deployment
from accounts.web import presenters, responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
SESSION_LIST = DEPLOYMENT.session_list
CLIENTS, RESOURCES = DEPLOYMENT.clients, DEPLOYMENT.resources


@endpoint(routes.SESSION_LIST, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    current, live = request.session, SESSION_LIST.of_account(request.user_id, request.received_at)
    entries = [
        presenters.session(it, current=it.digest == current.digest, known=CLIENTS, resources=RESOURCES) for it in live
    ]
    return responses.ok(presenters.Sessions(entries), user_id=request.user_id)
