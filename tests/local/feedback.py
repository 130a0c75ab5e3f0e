"""What SES reports about a sent email, and how the site shows it. The emulator reports nothing itself."""

import json
from typing import Any

from local.cloud import LocalCloud
from tests.local.person import Person


def report(address: str, problem: str = "Bounce") -> str:
    """What SES publishes."""
    about = {"emailAddress": address}
    said = {
        "Bounce": {"bounce": {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [about]}},
        "Complaint": {"complaint": {"complaintFeedbackType": "abuse", "complainedRecipients": [about]}},
    }
    return json.dumps({"eventType": problem, **said[problem], "mail": {"destination": [address], "messageId": "0100"}})


def publish(cloud: LocalCloud, message: str) -> None:
    """Have the topic deliver a report."""
    cloud.client("sns").publish(TopicArn=cloud.outputs["MailFeedbackTopicArn"], Message=message)


def problem_of(person: Person) -> Any:
    """Return what the session says about the person's email."""
    return person.call("GET", "/auth/session").json()["mail_problem"]
