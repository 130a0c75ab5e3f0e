"""The composition root: every table, secret, queue and flow is made here, once, when it is first asked for.

Each property imports what it makes, so a function loads only what it uses. A handler asks for its flow while it is
imported: then the cold start pays for the wiring, not the first request. Tests replace the edges with fakes.
"""

from __future__ import annotations

from accounts import settings
from accounts.deployment.clients import ClientFlows
from accounts.deployment.keys import KeyFlows
from accounts.deployment.mail import MailFlows
from accounts.deployment.operators import OperatorFlows
from accounts.deployment.providers import ProviderFlows


class Deployment(ClientFlows, KeyFlows, MailFlows, OperatorFlows, ProviderFlows):
    """One deployment of the service."""


def load() -> Deployment:
    """The deployment that the environment configures; raises ConfigurationError when it is not safe to serve."""
    return Deployment(settings.load())
