"""GET /api/workspaces, /api/workspaces/current and /api/workspace/members: the account as a workspace."""

from accounts import deployment
from accounts.web import responses, routes, workspaces
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
ACCOUNT_LOOKUP = DEPLOYMENT.account_lookup


@endpoint(routes.WORKSPACE_LIST, DEPLOYMENT, routes.WORKSPACE_CURRENT, routes.WORKSPACE_MEMBERS)
def lambda_handler(request: Request) -> Response:
    body = workspaces.shown(request.route, ACCOUNT_LOOKUP.of(request.user_id), request.credential_kind)
    return responses.ok(body, user_id=request.user_id, method=request.credential_kind)
