"""The composition root: creates every table, secret, queue and flow once, on first use.

Each property imports what it creates, so a function loads only what it uses. Handlers read their flow at import time,
so that the cold start does the wiring, not the first request. Tests replace the edges with fakes.
"""

from __future__ import annotations

from accounts import settings
from accounts.deployment.clients import ClientFlows
from accounts.deployment.factors import FactorFlows
from accounts.deployment.keys import KeyFlows
from accounts.deployment.mail import MailFlows
from accounts.deployment.operators import OperatorFlows
from accounts.deployment.providers import ProviderFlows


class Deployment(ClientFlows, FactorFlows, KeyFlows, MailFlows, OperatorFlows, ProviderFlows):
    pass


def load() -> Deployment:
    """Read the environment; raises ConfigurationError when the configuration is not safe to serve."""
    return Deployment(settings.load())
