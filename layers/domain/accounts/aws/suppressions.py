"""SES's suppression list, which belongs to the AWS account."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

from accounts.aws.clients import client
from accounts.errors import Unavailable

_NOT_LISTED = "NotFoundException"
_COMPLAINT = "COMPLAINT"


class SesSuppressions:
    def remove_complaint(self, address: str) -> None:
        """Remove the address, if it is listed for a complaint; raises Unavailable."""
        ses = client("sesv2")
        try:
            listed = ses.get_suppressed_destination(EmailAddress=address)["SuppressedDestination"]
            if listed["Reason"] == _COMPLAINT:
                ses.delete_suppressed_destination(EmailAddress=address)
        except ClientError as error:
            if error.response["Error"]["Code"] != _NOT_LISTED:
                raise Unavailable from error
        except BotoCoreError as error:
            raise Unavailable from error
