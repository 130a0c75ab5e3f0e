"""The deployed functions and secrets of the local cloud."""

import json
from typing import Any

from local.cloud import LocalCloud
from tests.local.person import Person


def secret_of(cloud: LocalCloud, output: str) -> str:
    """Return the current version of the secret."""
    text: str = cloud.client("secretsmanager").get_secret_value(SecretId=cloud.outputs[output])["SecretString"]
    return text


def verified(cloud: LocalCloud, key: str) -> dict[str, Any]:
    """Return what another service is told of the key."""
    secret = secret_of(cloud, "AdminSecretArn")
    asked = Person(cloud).call("POST", "/admin/verify-api-key", {"api_key": key}, x_comfy_admin_secret=secret)
    told: dict[str, Any] = asked.json()
    return told


def invoke(cloud: LocalCloud, function: str) -> Any:
    """Invoke the function as its schedule does; return what it returns."""
    answer = cloud.client("lambda").invoke(FunctionName=_name_of(cloud, function), Payload=b"{}")
    assert "FunctionError" not in answer, answer
    return json.loads(answer["Payload"].read())


def restart(cloud: LocalCloud, function: str) -> None:
    """Replace the function's warm instances, which keep secrets for 5 minutes and GitHub's list for one."""
    functions, name = cloud.client("lambda"), _name_of(cloud, function)
    environment = functions.get_function_configuration(FunctionName=name)["Environment"]
    functions.update_function_configuration(FunctionName=name, Environment=environment)
    functions.get_waiter("function_updated_v2").wait(FunctionName=name)


def _name_of(cloud: LocalCloud, function: str) -> str:
    [name] = [deployed for deployed, folder in cloud.function_names().items() if folder == function]
    return name
