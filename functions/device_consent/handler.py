"""POST /oauth/device/request and POST /oauth/device: show which device a code belongs to, and store the decision."""

from accounts import deployment
from accounts.web import client_schemas, device, responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
DEVICE_CONSENT = DEPLOYMENT.device_consent


@endpoint(routes.DEVICE_ANSWER, DEPLOYMENT, routes.DEVICE_QUESTION)
def lambda_handler(request: Request) -> Response:
    session, caller, now = request.session, request.caller, request.received_at
    if request.route == routes.DEVICE_QUESTION:
        text = request.json(client_schemas.DeviceEntry).user_code
        return device.question(DEVICE_CONSENT.question(text, session, caller, now))
    body = request.json(client_schemas.DeviceAnswer)
    DEVICE_CONSENT.answer(body.user_code, body.decision, session, caller, now, body.fingerprint)
    return responses.no_content(user_id=request.user_id)
