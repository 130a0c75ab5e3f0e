"""The question that the owner answers after entering a device's code (RFC 8628 3.3, 5.4)."""

from __future__ import annotations

from accounts.flows.clients.device_consent import DeviceQuestion
from accounts.model import user_agents
from accounts.model.clients import Clients
from accounts.web import oauth_server, responses
from accounts.web.presenters import timestamp
from accounts.web.responses import Response


def question(asked: DeviceQuestion, known: Clients) -> Response:
    """Who asks, from where and when, for which service and scopes, and which account; not the code."""
    body = {
        "client": {"id": asked.client_id, "name": known.name_of(asked.client_id)},
        "device": {
            "source": asked.source,
            "device": user_agents.describe(asked.user_agent),
            "asked_at": timestamp(asked.asked_at),
        },
        "resource": oauth_server.resource(asked.resource),
        "scopes": oauth_server.scopes(asked.resource, asked.scope),
        "account": oauth_server.account(asked.user),
    }
    return responses.ok(body, user_id=asked.user.user_id)
