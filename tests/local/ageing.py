"""Time that passes for a key, by its items in the emulated DynamoDB: no setting of the service moves its clock."""

from datetime import datetime, timedelta
from typing import Any

from local.cloud import LocalCloud

_FORMAT = "%Y-%m-%dT%H:%M:%S.%f%z"


def age(cloud: LocalCloud, key_id: str, by: timedelta) -> None:
    """Move every moment of the key's secrets into the past, as if this time had passed."""
    database, table = cloud.client("dynamodb"), cloud.outputs["ApiKeysTable"]
    for item in database.scan(TableName=table, ConsistentRead=True)["Items"]:
        if key_id in {item["digest"]["S"], item.get("key_id", {}).get("S")}:
            moved = {name: _moved(value, by) for name, value in item.items() if name.endswith("_at")}
            database.put_item(TableName=table, Item=item | moved)


def _moved(value: dict[str, Any], by: timedelta) -> dict[str, Any]:
    if "N" in value:
        return {"N": str(int(value["N"]) - int(by.total_seconds()))}
    return {"S": (datetime.fromisoformat(value["S"]) - by).strftime(_FORMAT)}
