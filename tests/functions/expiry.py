"""Keys that expire, as other tests need them."""

from datetime import datetime, timedelta

from accounts import secrets
from accounts.dynamo.api_keys import ApiKeysTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.model import api_keys
from accounts.model.api_keys import ApiKey
from tests.functions.lambdas import Lambdas
from tests.functions.people import Person, a_key

KEY = a_key("Expiring")


def expiring_key(functions: Lambdas, person: Person | None = None, due_at: datetime | None = None) -> ApiKey:
    """A key that is due now and expires in a week. Its account is another than that of the samples."""
    now, owner = functions.clock.now, person or Person("AccountWithExpiringKey", "expiring@example.com")
    key = ApiKey(
        digest=secrets.digest(KEY),
        user_id=owner.user_id,
        name="Expiring",
        description="",
        key_prefix=KEY[:16],
        created_at=now - timedelta(days=83),
        expires_at=now + timedelta(days=7),
        due_at=due_at or now,
    )
    DynamoTransactions(ApiKeysTable("ApiKeysTable")).commit(api_keys.Add(key))
    functions.people.known.add(KEY)
    return key
