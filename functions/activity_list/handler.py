"""GET /auth/activity: recent security events of the account."""

from accounts import deployment
from accounts.web import presenters, responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
ACTIVITY = DEPLOYMENT.activity
CLIENTS = DEPLOYMENT.clients


@endpoint(routes.ACTIVITY_LIST, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    entries = ACTIVITY.of_account(request.user_id, request.received_at)
    shown = [presenters.activity(entry, CLIENTS) for entry in entries]
    return responses.ok(presenters.Activities(shown), user_id=request.user_id)
