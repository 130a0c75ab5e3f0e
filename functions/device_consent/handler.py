"""POST /oauth/device/request and POST /oauth/device: a person types a device's code, sees who asks, and answers."""

from accounts import settings
from accounts.dynamo.one_time_tokens import OneTimeTokensTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.throttles import ThrottlesTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.clients.device_consent import DeviceConsent
from accounts.flows.people.authentication import SessionAuthentication
from accounts.model import clients
from accounts.web import device, responses, routes, schemas
from accounts.web.endpoint import credential_of, endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
KNOWN = clients.load(SETTINGS.optional("OAUTH_CLIENTS"))
TOKENS = OneTimeTokensTable(SETTINGS["ONE_TIME_TOKENS_TABLE"])
CONSENT = DeviceConsent(
    authentication=SessionAuthentication(SessionsTable(SETTINGS["SESSIONS_TABLE"])),
    users=UsersTable(SETTINGS["USERS_TABLE"]),
    tokens=TOKENS,
    throttles=ThrottlesTable(SETTINGS["THROTTLES_TABLE"]),
    transactions=DynamoTransactions(TOKENS),
)


@endpoint(routes.DEVICE_ANSWER, SETTINGS, routes.DEVICE_QUESTION)
def lambda_handler(request: Request) -> Response:
    """Tell the page what to ask, or write down what the person said."""
    credential = credential_of(request, routes.DEVICE_ANSWER, SETTINGS)
    caller, now = request.caller, request.received_at
    if request.path == routes.DEVICE_QUESTION.path:
        text = request.json(schemas.DeviceEntry).user_code
        return device.question(CONSENT.question(text, credential, caller, now), KNOWN)
    body = request.json(schemas.DeviceAnswer)
    return responses.no_content(user_id=CONSENT.answer(body.user_code, body.decision, credential, caller, now))
