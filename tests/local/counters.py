"""The counters behind the limits of the deployed local cloud."""

from local.cloud import LocalCloud


def reset(cloud: LocalCloud) -> None:
    """Delete every counter, as if the windows of all limits had passed."""
    database, table = cloud.client("dynamodb"), cloud.outputs["ThrottlesTable"]
    for item in database.scan(TableName=table, ConsistentRead=True)["Items"]:
        database.delete_item(TableName=table, Key={"counter": item["counter"]})
