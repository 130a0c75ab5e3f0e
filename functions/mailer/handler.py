"""Fed by the mail queue: write and send the mail that each message asks for, once."""

from typing import Any

from accounts import settings
from accounts.dynamo.identities import IdentitiesTable
from accounts.dynamo.one_time_tokens import OneTimeTokensTable
from accounts.dynamo.throttles import ThrottlesTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.mail.mailing import Mailing
from accounts.model import brand
from accounts.ses.batches import deliver_batch
from accounts.ses.postman import SesPostman

SETTINGS = settings.load()
IDENTITIES = IdentitiesTable(SETTINGS["IDENTITIES_TABLE"])
TOKENS = OneTimeTokensTable(SETTINGS["ONE_TIME_TOKENS_TABLE"])
THROTTLES = ThrottlesTable(SETTINGS["THROTTLES_TABLE"])
MAILING = Mailing(
    identities=IDENTITIES,
    users=UsersTable(SETTINGS["USERS_TABLE"]),
    throttles=THROTTLES,
    transactions=DynamoTransactions(IDENTITIES, TOKENS, THROTTLES),
    postman=SesPostman(SETTINGS["MAIL_FROM"], SETTINGS["MAIL_CONFIGURATION_SET"], brand.of(SETTINGS)),
    site_url=SETTINGS.site_url,
)


def lambda_handler(event: dict[str, Any], context: Any) -> Any:  # noqa: ANN401 - Lambda's own types
    """Deliver the batch; what failed goes back to the queue, and after five tries to the dead-letter queue."""
    return deliver_batch(event, context, MAILING, SETTINGS["MAIL_DELIVERIES_TABLE"])
