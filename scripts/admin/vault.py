"""A secret of the stack, in Secrets Manager, as it is changed: the whole of it or nothing, and never over another's."""

from typing import Any

from botocore.exceptions import ClientError

from accounts.aws.secrets import CURRENT
from scripts.place import CannotDo, Place

PENDING = "AWSPENDING"


class Vault:
    """One secret."""

    def __init__(self, place: Place, name: str) -> None:
        """Take its name in the template."""
        self._client = place.client("secretsmanager")
        self.arn = place.deployed(name)

    def read(self) -> tuple[str, str]:
        """The text that counts now, and the id of its version."""
        found = self._client.get_secret_value(SecretId=self.arn, VersionStage=CURRENT)
        return found["SecretString"], found["VersionId"]

    def holder(self, label: str) -> str | None:
        """The version that has a label, if one has."""
        described: dict[str, list[str]] = self._client.describe_secret(SecretId=self.arn)["VersionIdsToStages"]
        return next((version for version, labels in described.items() if label in labels), None)

    def prepare(self, text: str) -> str:
        """Store a text that does not count yet; its version."""
        put: dict[str, Any] = self._client.put_secret_value(
            SecretId=self.arn, SecretString=text, VersionStages=[PENDING]
        )
        version: str = put["VersionId"]
        return version

    def promote(self, version: str, *, instead_of: str) -> None:
        """Have that version count; raises CannotDo when another than ``instead_of`` does by now."""
        try:
            self.label(CURRENT, version, instead_of)
        except ClientError as error:
            if error.response["Error"]["Code"] != "InvalidParameterException":
                raise
            raise CannotDo(
                "somebody changed this secret at the same time; nothing was done, look and try again"
            ) from error

    def replace(self, text: str, *, instead_of: str) -> None:
        """Both at once."""
        self.promote(self.prepare(text), instead_of=instead_of)

    def label(self, label: str, version: str | None, taken_from: str | None) -> None:
        """Give a version a label, and take it from another that has it."""
        moved = {"MoveToVersionId": version, "RemoveFromVersionId": taken_from}
        self._client.update_secret_version_stage(
            SecretId=self.arn, VersionStage=label, **{name: it for name, it in moved.items() if it}
        )
