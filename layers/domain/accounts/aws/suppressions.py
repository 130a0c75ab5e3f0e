"""SES's suppression list, which belongs to the AWS account."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

from accounts.aws.clients import client
from accounts.errors import Unavailable

_NOT_LISTED = "NotFoundException"


class SesSuppressions:
    def remove(self, address: str) -> None:
        """Remove the address, if it is listed; raises Unavailable."""
        try:
            client("sesv2").delete_suppressed_destination(EmailAddress=address)
        except ClientError as error:
            if error.response["Error"]["Code"] != _NOT_LISTED:
                raise Unavailable from error
        except BotoCoreError as error:
            raise Unavailable from error
