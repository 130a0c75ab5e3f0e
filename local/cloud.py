"""The local cloud as one object: the emulated AWS, the stand-ins of others, and the stack deployed into it.

`with LocalCloud() as cloud: requests.get(cloud.site_url)` is all that a test needs.
"""

import os
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from local import PROJECT, adapt, internet, running
from local.emulator import Emulator, environment_for_aws
from local.http_api import Json
from local.internet import PlayedHost
from local.logs import LogLine, LogTail
from local.packages import Package
from local.processes import free_port, url_of
from local.providers import Providers
from local.scanner import Scanner
from local.stack import BUCKET, Stack
from scripts import stacks

MAIL_FROM = "accounts@comfy.local"
EXAMPLE_SERVICE = "https://cloud.example.com/mcp"
"""The audience of examples/service."""


class LocalCloud:
    """Everything that runs on this machine. A context manager; `stop` may be called any number of times."""

    def __init__(
        self,
        *,
        port: int | None = None,
        aws_port: int | None = None,
        state_dir: Path | None = None,
        providers: Providers | bool = True,
        mailbox_url: str = "",
        parameters: Mapping[str, str] | None = None,
        hosts: Collection[PlayedHost] = (),
        project: Path = PROJECT,
        prelude: Path | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Without ``port``, ``aws_port`` and ``state_dir``, use free ports and a temporary folder. Starts nothing.

        ``parameters`` override those of the local deployment. Documents of ``hosts`` come from this machine. The file
        ``prelude`` runs before the functions, in the process from which they are forked.
        """
        self._temporary = None if state_dir else TemporaryDirectory(prefix="comfy-accounts-")
        self.state_dir = state_dir or Path(str(self._temporary and self._temporary.name))
        self.port = port or free_port()
        self.aws_port = aws_port or free_port()
        self.project = project
        self.site_url = url_of(self.port)
        self._mailbox_url = mailbox_url
        self._parameters = parameters or {}
        self._hosts = hosts
        self._say = say
        self._emulator = Emulator(self.aws_port, self.port, self.state_dir, prelude)
        self.endpoint_url = self._emulator.endpoint_url
        self.providers = Providers(anywhere=True) if providers is True else providers or None
        self.scanner = Scanner()
        self._stack = Stack(self.client)
        self._tail: LogTail | None = None
        self.outputs: dict[str, str] = {}

    @classmethod
    def running(cls) -> Self:
        """Return the cloud of the running `make dev`, on PORT if that is set; raises NotRunning, NotAPort.

        It does not start or stop stand-ins: `make dev` runs them.
        """
        found = running.emulator()
        return cls(port=found.site_port, aws_port=found.port, state_dir=found.state, providers=False)

    def __enter__(self) -> Self:
        """Start everything, or leave nothing running."""
        try:
            self.start()
            self.deploy()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Start the emulated AWS and the stand-ins, without deploying."""
        self._say("Starting MiniStack, an emulated AWS")
        self.scanner.start()
        if self.providers:
            self.providers.start(self.state_dir)
        self._emulator.start()
        if self.providers:
            self.providers.wait()
        self._tail = LogTail(self.client)

    def deploy(self, **otherwise: str) -> bool:
        """Deploy the working tree and return whether anything changed. ``otherwise`` overrides parameters."""
        parameters = self.parameters | otherwise
        template = stacks.read(self.project / "template.yaml")
        code = adapt.code_of(template, self.project) | self._played()
        self._say(f"Deploying template.yaml with {len(code)} functions and layers")
        self._stack.store(code)
        translated = adapt.translate(template, lambda name: {"Bucket": BUCKET, "Key": code[name].key}, parameters)
        nested = adapt.nested_in(template, self.project)
        self.prepare()
        urls = {name: self._stack.store_template(it) for name, it in nested.items()}
        changed = self._stack.deploy(adapt.with_nested(adapt.adapt(translated), urls), parameters)
        self.after_deploy()
        return changed

    def _played(self) -> dict[str, Package]:
        """Return the function that fetches documents, with the hosts that this machine plays."""
        return {internet.FUNCTION: internet.function((*self.scanner.hosts, *self._hosts))}

    def prepare(self) -> None:
        """Verify the sender of emails, which operators do by hand before the first deployment into AWS."""
        mail = self.client("sesv2")
        known = {identity["IdentityName"] for identity in mail.list_email_identities()["EmailIdentities"]}
        if MAIL_FROM not in known:
            mail.create_email_identity(EmailIdentity=MAIL_FROM)

    def after_deploy(self) -> None:
        """Read the outputs, and store the providers' credentials, as operators do by hand after a deployment."""
        self.outputs = self._stack.outputs()
        if self.providers and (arn := self.outputs.get("OAuthProvidersSecretArn")):
            self._stack.put_secret(arn, dict(self.providers.secret()))
        self._emulator.open_site(self.outputs["HttpApiId"])

    @property
    def parameters(self) -> dict[str, str]:
        """Return the parameters of the local deployment; `deploy` sends only those that the template declares."""
        return {
            "Stage": "local",
            "SiteUrl": self.site_url,
            "SiteDomain": "",
            "CertificateArn": "",
            "MailFrom": MAIL_FROM,
            "SupportUrl": "https://support.comfy.org",
            "AllowedOrigins": "",
            "OAuthResources": f"{EXAMPLE_SERVICE}|Example service|jobs:read=See your jobs|jobs:write=Start jobs",
            "BreachedPasswordLookup": "off",  # The local cloud works offline.
            "SecondFactor": os.environ.get("SECOND_FACTOR") or "optional",
            "ConfirmNewBrowsers": os.environ.get("CONFIRM_NEW_BROWSERS") or "off",
            "ReservedConcurrency": "0",
            "MailboxUrl": self._mailbox_url,
            "WalkthroughUrl": f"{self._mailbox_url}/walkthrough" if self._mailbox_url else "",
            **(self.providers.parameters() if self.providers else {}),
            **self._parameters,
        }

    def parameters_now(self) -> dict[str, str]:
        """Return the parameters, with those of the deployed stack taking precedence."""
        return self.parameters | self._stack.parameters()

    def client(self, service: str) -> Any:  # noqa: ANN401  # boto3 makes its client classes at run time
        """Return a boto3 client of the emulated AWS."""
        return self._emulator.client(service)

    def messages(self) -> list[Json]:
        """Return every sent email, oldest first."""
        return self._emulator.messages()

    def new_logs(self) -> list[LogLine]:
        """Return the functions' log lines since the last call."""
        return self._tail.poll() if self._tail else []

    def logs(self) -> list[LogLine]:
        """Return all the functions' log lines since the start."""
        return self._tail.all() if self._tail else []

    def new_errors(self) -> list[str]:
        """Return the errors that the emulated AWS has logged since the last call."""
        return self._emulator.new_errors()

    def function_names(self) -> dict[str, str]:
        """Map the deployed name of each function to its folder in `functions/`."""
        named = self._stack.names().items()
        return {deployed: _folder(name) for deployed, name in named if name.endswith("Function")}

    def environment(self) -> dict[str, str]:
        """Return the variables that point AWS programs at this cloud."""
        return environment_for_aws(self.endpoint_url)

    def is_running(self) -> bool:
        return self._emulator.is_running()

    def stop(self) -> None:
        """Stop everything. The state is saved first, unless its folder is temporary."""
        self._emulator.stop(save=self._temporary is None)
        self.scanner.stop()
        if self.providers:
            self.providers.stop()
        if self._temporary:
            self._temporary.cleanup()


def _folder(function: str) -> str:
    """Turn `SessionRevokeFunction` into `session_revoke`."""
    return "_".join(re.findall("[A-Z][a-z0-9]*", function.removesuffix("Function"))).lower()
