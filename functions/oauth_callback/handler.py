"""GET /auth/{provider}/callback: back from Google or GitHub, with a person or a reason why not."""

from accounts import settings, telemetry
from accounts.aws.outbox import BestEffortOutbox, SqsOutbox
from accounts.aws.secrets import ProviderCredentialsSecret, Secret
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.identities import IdentitiesTable
from accounts.dynamo.one_time_tokens import OneTimeTokensTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.people.authentication import SessionAuthentication
from accounts.flows.people.session_opening import SessionOpening
from accounts.flows.providers.identity_linking import IdentityLinking
from accounts.flows.providers.provider_login import ProviderArrival
from accounts.identity_providers.directory import ProviderDirectory
from accounts.model import sessions
from accounts.web import credentials, oauth, pages, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
PROVIDERS = ProviderDirectory(SETTINGS, ProviderCredentialsSecret(Secret(SETTINGS["OAUTH_PROVIDERS_SECRET"])))
IDENTITIES = IdentitiesTable(SETTINGS["IDENTITIES_TABLE"])
SESSIONS = SessionsTable(SETTINGS["SESSIONS_TABLE"])
TOKENS = OneTimeTokensTable(SETTINGS["ONE_TIME_TOKENS_TABLE"])
USERS = UsersTable(SETTINGS["USERS_TABLE"])
AUDIT = AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"])
TRANSACTIONS = DynamoTransactions(IDENTITIES, SESSIONS, TOKENS, USERS, AUDIT)
OUTBOX = SqsOutbox(SETTINGS["MAIL_QUEUE_URL"])
NOTICES = BestEffortOutbox(SETTINGS["MAIL_QUEUE_URL"], on_failure=telemetry.dependency_failed)
LINKING = IdentityLinking(
    SessionOpening(USERS, SESSIONS, TRANSACTIONS, sessions.lengths_of(SETTINGS)), TRANSACTIONS, OUTBOX, NOTICES
)
ARRIVAL = ProviderArrival(PROVIDERS, TOKENS, IDENTITIES, SessionAuthentication(SESSIONS), TRANSACTIONS, LINKING)


@endpoint(routes.OAUTH_CALLBACK, SETTINGS, page=pages.refusal(SETTINGS))
def lambda_handler(request: Request) -> Response:
    """Sign the person in, or link their login, and send them on."""
    provider, presented = request.path_parameters.get("provider", ""), credentials.session_cookie(request)
    callback = oauth.callback(request)
    arrival = ARRIVAL.arrive(provider, callback, presented, request.caller, request.received_at)
    return oauth.arrive(arrival, request)
