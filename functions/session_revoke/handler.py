"""DELETE /auth/sessions/{id}: end sessions; ``id`` is one id, or several with commas."""

from accounts import deployment
from accounts.web import responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
SESSION_REVOCATION = DEPLOYMENT.session_revocation


@endpoint(routes.SESSION_REVOKE, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    session_ids = request.path_parameters.get("id", "").split(",")
    SESSION_REVOCATION.end(request.user_id, session_ids, request.caller, request.received_at)
    return responses.no_content(user_id=request.user_id)
