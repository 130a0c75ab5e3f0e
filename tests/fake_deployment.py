"""The composition root with fakes at its edges: every flow, wired as in production, over one in-memory world."""

from collections.abc import Callable
from functools import cached_property

from accounts.deployment import Deployment
from accounts.flows.people.authentication import AdminAuthentication
from accounts.model.api_keys import ApiKey
from accounts.model.passwords import Policy
from accounts.model.sessions import LONGEST, Lengths, Session
from accounts.settings import Settings
from accounts.transactions import Change, Transactions
from tests.fakes import (
    FakeAccessTokens,
    FakeApiKeys,
    FakeAuditEvents,
    FakeBreaches,
    FakeDocuments,
    FakeFetcher,
    FakeHasher,
    FakeIdentities,
    FakeNotes,
    FakeOutbox,
    FakePasskeys,
    FakePostman,
    FakeProofs,
    FakeSessions,
    FakeSigner,
    FakeSuppressions,
    FakeTokens,
    FakeTotpSecrets,
    FakeUsers,
    World,
)

SITE_URL = "https://accounts.example.com"
ADMIN_SECRET = "a" * 48
CLOUD, STORE = "https://cloud.example.com/mcp", "https://store.example.com"
RESOURCES = f"{CLOUD}|Comfy Cloud|jobs:read=See your jobs|jobs:write=Start jobs;{STORE}|Comfy Store|orders=See orders"


class FakeDeployment(Deployment):
    """``interposed`` replaces the world's transactions, so that a test can do something before a write."""

    def __init__(
        self,
        world: World | None = None,
        hasher: FakeHasher | None = None,
        second_factor: str = "optional",
        confirm_new_browsers: str = "off",
    ) -> None:
        settings = {
            "OAUTH_RESOURCES": RESOURCES,
            "CLIENT_METADATA_HOSTS": "*",
            "SECOND_FACTOR": second_factor,
            "CONFIRM_NEW_BROWSERS": confirm_new_browsers,
        }
        super().__init__(Settings("local", SITE_URL, settings))
        self.world = world or World()
        self.hasher = hasher or FakeHasher()
        self.interposed: Transactions | None = None

    def commit(self, *changes: Change) -> None:
        (self.interposed or self.world).commit(*changes)

    def writing(self, *tables: object) -> Transactions:  # noqa: ARG002 - all tables are in the world
        return self

    def noting(self, *tables: object) -> Transactions:  # noqa: ARG002 - all tables are in the world
        return FakeNotes(self, self.world.ignored)

    @cached_property
    def users(self) -> FakeUsers:
        return FakeUsers(self.world)

    @cached_property
    def identities(self) -> FakeIdentities:
        return FakeIdentities(self.world)

    @cached_property
    def sessions(self) -> FakeSessions:
        return FakeSessions(self.world)

    @cached_property
    def api_keys(self) -> FakeApiKeys:
        return FakeApiKeys(self.world)

    @cached_property
    def passkeys(self) -> FakePasskeys:
        return FakePasskeys(self.world)

    @cached_property
    def one_time_tokens(self) -> FakeTokens:
        return FakeTokens(self.world)

    @cached_property
    def throttles(self) -> World:
        return self.world

    @cached_property
    def counters(self) -> World:
        return self.world

    def session_and_key(self, session: str, api_key: str) -> tuple[Session | None, ApiKey | None]:
        return self.sessions.get(session), self.api_keys.get(api_key)

    @cached_property
    def audit_events(self) -> FakeAuditEvents:
        return FakeAuditEvents(self.world)

    @cached_property
    def client_documents(self) -> FakeDocuments:
        return FakeDocuments(self.world)

    @cached_property
    def document_fetcher(self) -> FakeFetcher:
        return FakeFetcher()

    @cached_property
    def hasher(self) -> FakeHasher:
        return FakeHasher()

    @cached_property
    def proofs(self) -> FakeProofs:
        return FakeProofs()

    @cached_property
    def totp_secrets(self) -> FakeTotpSecrets:
        return FakeTotpSecrets()

    @cached_property
    def signer(self) -> FakeSigner:
        return FakeSigner()

    @cached_property
    def access_tokens(self) -> FakeAccessTokens:
        return FakeAccessTokens()

    def tokens_for(self, *audiences: str) -> FakeAccessTokens:  # noqa: ARG002 - the real reader is tested for them
        return self.access_tokens

    @cached_property
    def outbox(self) -> FakeOutbox:
        return FakeOutbox()

    @cached_property
    def rare_outbox(self) -> FakeOutbox:
        return self.outbox

    @cached_property
    def notices(self) -> FakeOutbox:
        return self.outbox

    @cached_property
    def hasty_outbox(self) -> Callable[[], FakeOutbox]:
        return lambda: self.outbox

    @cached_property
    def rare_notices(self) -> FakeOutbox:
        return self.notices

    @cached_property
    def suppressions(self) -> FakeSuppressions:
        return FakeSuppressions()

    @cached_property
    def lengths(self) -> Lengths:
        return LONGEST

    @cached_property
    def breached_passwords(self) -> FakeBreaches:
        return FakeBreaches()

    @cached_property
    def policy(self) -> Policy:
        return Policy(15, self.breached_passwords)

    @cached_property
    def postman(self) -> FakePostman:
        return FakePostman()

    @cached_property
    def admin_authentication(self) -> AdminAuthentication:
        def is_admin_secret(secret: str) -> bool:
            return secret == ADMIN_SECRET

        return AdminAuthentication(is_admin_secret, self.throttles)
