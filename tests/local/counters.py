"""The counters behind the limits of the deployed local cloud."""

from datetime import UTC, datetime, timedelta

from local.cloud import LocalCloud


def prolong_waits(cloud: LocalCloud) -> None:
    """Move every counter's last failure an hour ahead, so that no wait ends during the test, on any machine."""
    database, table = cloud.client("dynamodb"), cloud.outputs["ThrottlesTable"]
    later = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.%f%z")
    for item in database.scan(TableName=table, ConsistentRead=True)["Items"]:
        database.put_item(TableName=table, Item=item | {"raised_at": {"S": later}})


def reset(cloud: LocalCloud) -> None:
    """Delete every counter, as if the windows of all limits had passed."""
    database, table = cloud.client("dynamodb"), cloud.outputs["ThrottlesTable"]
    for item in database.scan(TableName=table, ConsistentRead=True)["Items"]:
        database.delete_item(TableName=table, Key={"counter": item["counter"]})
