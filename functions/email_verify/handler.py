"""POST /auth/email/verify: the mailed token and the password of the sign-up make the account."""

from accounts import settings
from accounts.aws.secrets import PepperSecret, Secret
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.identities import IdentitiesTable
from accounts.dynamo.one_time_tokens import OneTimeTokensTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.throttles import ThrottlesTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.people.email_verification import EmailVerification
from accounts.flows.people.session_opening import SessionOpening
from accounts.model import sessions
from accounts.model.passwords import BcryptHasher
from accounts.web import credentials, presenters, responses, routes, schemas
from accounts.web.cookies import login_cookies
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
IDENTITIES = IdentitiesTable(SETTINGS["IDENTITIES_TABLE"])
SESSIONS = SessionsTable(SETTINGS["SESSIONS_TABLE"])
THROTTLES = ThrottlesTable(SETTINGS["THROTTLES_TABLE"])
TOKENS = OneTimeTokensTable(SETTINGS["ONE_TIME_TOKENS_TABLE"])
USERS = UsersTable(SETTINGS["USERS_TABLE"])
AUDIT = AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"])
TRANSACTIONS = DynamoTransactions(IDENTITIES, SESSIONS, THROTTLES, TOKENS, USERS, AUDIT)
HASHER = BcryptHasher(PepperSecret(Secret(SETTINGS["PEPPER_SECRET"])))
OPENING = SessionOpening(USERS, SESSIONS, TRANSACTIONS, sessions.lengths_of(SETTINGS))
VERIFICATION = EmailVerification(TOKENS, IDENTITIES, THROTTLES, HASHER, OPENING, TRANSACTIONS)


@endpoint(routes.EMAIL_VERIFY, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """Make the account and sign its owner in."""
    body = request.json(schemas.EmailVerify)
    presented = credentials.session_cookie(request)
    logged_in = VERIFICATION.confirm(body.token, body.password, presented, request.caller, request.received_at)
    customer, cookies = presenters.customer(logged_in.identity), login_cookies(logged_in)
    return responses.ok(customer, cookies=cookies, user_id=logged_in.session.user_id)
