"""POST /auth/signup: start an account; a mail with a link says how to finish it."""

from accounts import settings, telemetry
from accounts.aws.outbox import SqsOutbox
from accounts.aws.secrets import PepperSecret, Secret
from accounts.breach_lists import breach_list
from accounts.dynamo.identities import IdentitiesTable
from accounts.dynamo.throttles import ThrottlesTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.flows.people.signup import Signup
from accounts.model.passwords import BcryptHasher, Policy
from accounts.web import responses, routes, schemas
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
IDENTITIES = IdentitiesTable(SETTINGS["IDENTITIES_TABLE"])
THROTTLES = ThrottlesTable(SETTINGS["THROTTLES_TABLE"])
HASHER = BcryptHasher(PepperSecret(Secret(SETTINGS["PEPPER_SECRET"])))
BREACHED = breach_list(SETTINGS["BREACHED_PASSWORD_LOOKUP"], on_failure=telemetry.dependency_failed)
POLICY = Policy(SETTINGS.password_min_characters, BREACHED)
SIGNUP = Signup(THROTTLES, HASHER, POLICY, DynamoTransactions(IDENTITIES), SqsOutbox(SETTINGS["MAIL_QUEUE_URL"]))


@endpoint(routes.SIGNUP, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """Start the sign-up, and answer alike whether the address is new, waiting or taken."""
    body = request.json(schemas.Signup)
    SIGNUP.start(body.email, body.password, body.name, request.caller, request.received_at)
    return responses.accepted("Look in your mail for a link to confirm your address.")
