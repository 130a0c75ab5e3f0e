"""The question that the owner answers after entering a device's code (RFC 8628 3.3, 5.4)."""

from __future__ import annotations

from msgspec import Struct

from accounts.flows.clients import device_consent
from accounts.model import user_agents
from accounts.web import consent_questions, responses
from accounts.web.consent_questions import Account, AskedResource, AskingClient, Scope
from accounts.web.responses import Response
from accounts.web.timestamps import Timestamp, timestamp


class AskingDevice(Struct):
    source: str
    device: str
    asked_at: Timestamp


class DeviceQuestion(Struct):
    """Who asks, from where and when, for which service and scopes, and which account; not the code."""

    client: AskingClient
    device: AskingDevice
    resource: AskedResource | None
    scopes: list[Scope]
    account: Account


def question(asked: device_consent.DeviceQuestion) -> Response:
    device = user_agents.describe(asked.user_agent)
    body = DeviceQuestion(
        client=consent_questions.client(asked.client),
        device=AskingDevice(asked.source, device, timestamp(asked.asked_at)),
        resource=consent_questions.resource(asked.resource),
        scopes=consent_questions.scopes(asked.resource, asked.scope),
        account=consent_questions.account(asked.user),
    )
    return responses.ok(body, user_id=asked.user.user_id)
