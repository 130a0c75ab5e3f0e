"""POST /auth/passkeys/options and POST /auth/passkeys: add a passkey to the account."""

from accounts import deployment
from accounts.model.passkeys import Registration
from accounts.web import passkey_schemas, passkeys, responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.passkey_presenters import PasskeyCreated, passkey
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
PASSKEY_CREATION = DEPLOYMENT.passkey_creation


@endpoint(routes.PASSKEY_CREATE, DEPLOYMENT, routes.PASSKEY_INVITE)
def lambda_handler(request: Request) -> Response:
    session, caller, now = request.session, request.caller, request.received_at
    if request.route == routes.PASSKEY_INVITE:
        invited = PASSKEY_CREATION.invite(session, caller, now)
        options = passkeys.creation_options(invited.challenge, invited.user, DEPLOYMENT.settings)
        return responses.ok(options, user_id=request.user_id)
    body = request.json(passkey_schemas.PasskeyCreate)
    response = Registration(body.client_data, body.attestation)
    created = PASSKEY_CREATION.create(session, response, body.name, caller, now)
    return responses.ok(PasskeyCreated(passkey(created)), status=201, user_id=request.user_id)
