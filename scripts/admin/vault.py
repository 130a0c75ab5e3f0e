"""Changes a secret in Secrets Manager atomically, and never overwrites a concurrent change."""

from typing import Any

from botocore.exceptions import ClientError

from accounts.aws.secrets import CURRENT
from scripts.place import CannotDo, Place

PENDING = "AWSPENDING"


class Vault:
    def __init__(self, place: Place, name: str) -> None:
        """``name`` is the secret's logical id in the template."""
        self._client = place.client("secretsmanager")
        self.arn = place.deployed(name)

    def read(self) -> tuple[str, str]:
        """The current text and the id of its version."""
        found = self._client.get_secret_value(SecretId=self.arn, VersionStage=CURRENT)
        return found["SecretString"], found["VersionId"]

    def holder(self, label: str) -> str | None:
        """The id of the version with this label, if any."""
        described: dict[str, list[str]] = self._client.describe_secret(SecretId=self.arn)["VersionIdsToStages"]
        return next((version for version, labels in described.items() if label in labels), None)

    def prepare(self, text: str) -> str:
        """Store a pending text; return the id of its version."""
        put: dict[str, Any] = self._client.put_secret_value(
            SecretId=self.arn, SecretString=text, VersionStages=[PENDING]
        )
        version: str = put["VersionId"]
        return version

    def promote(self, version: str, *, instead_of: str) -> None:
        """Make the version current; raises CannotDo if the current one is not ``instead_of``."""
        try:
            self.label(CURRENT, version, instead_of)
        except ClientError as error:
            if error.response["Error"]["Code"] != "InvalidParameterException":
                raise
            raise CannotDo(
                "this secret was changed concurrently; nothing was changed, check it and try again"
            ) from error

    def replace(self, text: str, *, instead_of: str) -> None:
        """Prepare and promote."""
        self.promote(self.prepare(text), instead_of=instead_of)

    def label(self, label: str, version: str | None, taken_from: str | None) -> None:
        """Move a label from one version to another."""
        moved = {"MoveToVersionId": version, "RemoveFromVersionId": taken_from}
        self._client.update_secret_version_stage(
            SecretId=self.arn, VersionStage=label, **{name: it for name, it in moved.items() if it}
        )
