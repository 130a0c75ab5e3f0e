"""Google and GitHub: the real ones if configured, otherwise stand-ins on this machine.

Set GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET to use the real Google, GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET to use
the real GitHub.
"""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from local.emulator import fetch
from local.processes import LOOPBACK, Child, free_port

_USUAL_PORTS = {"google": 9002, "github": 9001}


class HalfConfigured(Exception):
    """Only one of a provider's two settings is set."""


@dataclass
class Provider:
    """The settings of a provider in the local stack."""

    name: str
    client_id: str
    client_secret: str
    port: int = 0
    """The port of the stand-in; 0 for the real provider."""

    @property
    def endpoint(self) -> str:
        """Return the stand-in's origin, or an empty text for the real provider."""
        return f"http://{LOOPBACK}:{self.port}" if self.port else ""

    @property
    def title(self) -> str:
        return {"google": "Google", "github": "GitHub"}[self.name]

    @property
    def parameter(self) -> str:
        """Return the name of the template's parameter for the endpoint."""
        return f"{self.name.capitalize()}Endpoint"


class Providers:
    """Both providers, and the processes of their stand-ins."""

    def __init__(
        self,
        *,
        anywhere: bool = False,
        environment: Mapping[str, str] = os.environ,
        reserved: Collection[int] = (),
    ) -> None:
        """Choose the providers; with `anywhere`, ignore the environment and run both stand-ins on free ports.

        Nothing runs on the ``reserved`` ports, which others are about to use.
        """
        configured = {} if anywhere else environment
        usual = dict.fromkeys(_USUAL_PORTS, 0) if anywhere else _USUAL_PORTS
        self.all = [_choose(name, port, configured, reserved) for name, port in usual.items()]
        self._children: list[Child] = []

    def start(self, logs: Path) -> None:
        """Start the stand-ins without waiting for them."""
        for provider in self.all:
            if provider.port:
                log = logs / f"oauth-mocks-{provider.name}.log"
                # Not by its own command, which gives up after ten seconds: a busy machine may need more.
                app = f"oauth_mocks.{provider.name}.app:app"
                command = ("uvicorn", app, "--host", LOOPBACK, "--port", str(provider.port))
                self._children.append(Child(f"The stand-in for {provider.title}", *command, log=log))

    def wait(self) -> None:
        """Wait until every stand-in answers."""
        stand_ins = [provider for provider in self.all if provider.port]
        for provider, child in zip(stand_ins, self._children, strict=True):
            child.wait_until(partial(_answers, provider.endpoint))

    def stop(self) -> None:
        for child in self._children:
            child.stop()

    def parameters(self) -> dict[str, str]:
        """Return the template's parameters for the providers."""
        return {provider.parameter: provider.endpoint for provider in self.all}

    def secret(self) -> dict[str, dict[str, str]]:
        """Return the content of the providers' secret."""
        return {it.name: {"client_id": it.client_id, "client_secret": it.client_secret} for it in self.all}


def _choose(name: str, usual_port: int, environment: Mapping[str, str], reserved: Collection[int]) -> Provider:
    settings = [f"{name.upper()}_CLIENT_ID", f"{name.upper()}_CLIENT_SECRET"]
    client_id, client_secret = (environment.get(setting, "") for setting in settings)
    if client_id and client_secret:
        return Provider(name, client_id, client_secret)
    if client_id or client_secret:
        raise HalfConfigured(f"Set both {settings[0]} and {settings[1]}, or neither for a stand-in.")
    return Provider(name, f"local-{name}-client", f"local-{name}-secret", free_port(usual_port, reserved))


def _answers(url: str) -> bool:
    try:
        return bool(fetch(url, timeout=2))
    except OSError:
        return False
