"""`make dev`: start the local cloud, deploy, print the URLs, and redeploy edits until stopped."""

import shutil
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from botocore.exceptions import BotoCoreError, ClientError

from local import KEEP, PROJECT
from local.adapt import LEFT_OUT
from local.cloud import LocalCloud
from local.http_api import NotUnderstood
from local.logs import LogPrinter
from local.mailbox import Mailbox
from local.processes import (
    USUAL_PORT,
    ChildFailed,
    InUse,
    NotAPort,
    another_port,
    port_from_environment,
    port_is_taken,
    sole_use,
    url_of,
)
from local.providers import HalfConfigured, Providers
from local.running import AWS_PORT, usual_aws_port
from local.stack import DeployFailed
from local.watch import first_problem, watch_for_edits, watched_files
from scripts.stacks import TemplateProblem

STATE = KEEP / "state"
_REFUSALS = (TemplateProblem, NotUnderstood, DeployFailed, ClientError, BotoCoreError)
_HINT = """
If an earlier state is in the way, `make dev-reset` deletes it, including its accounts."""


class CannotRun(Exception):
    """`make dev` cannot run on this machine; the message says what to do."""


def run(arguments: list[str]) -> int:
    """Run or reset the local cloud; return the exit code."""
    if arguments == ["reset"]:
        return _reset()
    try:
        _run(port_from_environment("PORT", USUAL_PORT))
    except (CannotRun, ChildFailed, HalfConfigured, InUse, NotAPort) as problem:
        print(f"\nmake dev: {problem}", file=sys.stderr)
    except _REFUSALS as problem:
        print(f"\nmake dev: not deployed: {problem}{_HINT}", file=sys.stderr)
    return 1


def _run(port: int) -> None:
    mailbox_port = port_from_environment("MAILBOX_PORT", port + 1)
    aws_port = port_from_environment(AWS_PORT, usual_aws_port(port))
    ports = {"PORT": port, "MAILBOX_PORT": mailbox_port, AWS_PORT: aws_port}
    _need_free(ports)
    say = _Progress()
    mailbox_url = url_of(mailbox_port)
    if problem := first_problem(watched_files(PROJECT)):
        raise CannotRun(f"not deployed: {problem}")
    cloud = LocalCloud(
        port=port,
        aws_port=aws_port,
        state_dir=STATE,
        providers=Providers(reserved=ports.values()),
        mailbox_url=mailbox_url,
        say=say,
    )
    mailbox = Mailbox(mailbox_port, cloud.messages, cloud.site_url, cloud.scanner)
    try:
        with cloud:
            mailbox.start()
            _announce(cloud, mailbox, say)
            _serve(cloud, say)
    finally:
        mailbox.stop()
        cloud.stop()


def _serve(cloud: LocalCloud, say: Callable[[str], None]) -> None:
    """Print logs and redeploy edits, until stopped."""
    over = threading.Event()
    printer = LogPrinter(cloud.function_names(), colours=sys.stdout.isatty())
    deploy = _deployer(cloud, say)
    watcher = threading.Thread(target=watch_for_edits, args=(PROJECT, deploy, say, over), name="watch")
    watcher.start()
    try:
        while cloud.is_running():
            with suppress(BotoCoreError, ClientError):
                for line in filter(None, map(printer.format, cloud.new_logs())):
                    print(line, flush=True)
            for error in cloud.new_errors():
                say(f"MiniStack: {error}")
            time.sleep(0.3)
        raise CannotRun(f"MiniStack ended unexpectedly; its log is {STATE / 'ministack.log'}")
    finally:
        over.set()
        watcher.join()


def _deployer(cloud: LocalCloud, say: Callable[[str], None]) -> Callable[[], bool]:
    def deploy() -> bool:
        started = time.monotonic()
        try:
            changed = cloud.deploy()
        except _REFUSALS as problem:
            say(f"Not deployed; the last good deployment still runs: {problem}")
            return False
        say(f"Live after {time.monotonic() - started:.1f} s" if changed else "Nothing to deploy")
        return changed

    return deploy


def _announce(cloud: LocalCloud, mailbox: Mailbox, say: Callable[[str], None]) -> None:
    stand_ins = [provider for provider in (cloud.providers.all if cloud.providers else []) if provider.port]
    say("Ready")
    print(f"\n  Site      {cloud.site_url}\n  Mailbox   {mailbox.url}")
    for provider in stand_ins:
        setting = f"{provider.name.upper()}_CLIENT_ID and _SECRET"
        print(f"  {provider.title:<9} {provider.endpoint} (a stand-in; {setting} choose the real one)")
    print(f"  Leaks     {mailbox.url}/scanner (reports API keys, as GitHub's secret scanning does)")
    print(f"  AWS API   {cloud.endpoint_url}\n  Not here  {', '.join(LEFT_OUT)}")
    print("\nA saved file is live in a moment. Ctrl-C stops everything. Logs of the functions:\n", flush=True)


class _Progress:
    """Prints each step with the seconds since the start."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def __call__(self, what: str) -> None:
        print(f"[{time.monotonic() - self._start:5.1f} s] {what}", flush=True)


def _need_free(ports: Mapping[str, int]) -> None:
    if len(set(ports.values())) < len(ports):
        chosen = ", ".join(f"{setting}={port}" for setting, port in ports.items())
        raise CannotRun(f"each needs a port of its own: {chosen}")
    for setting, port in ports.items():
        if port_is_taken(port):
            raise CannotRun(
                f"port {port} is in use. Stop what uses it, or choose another: {setting}={another_port(port)} make dev"
            )


def _reset() -> int:
    try:
        with sole_use(STATE):
            shutil.rmtree(STATE)
    except InUse as problem:
        print(f"make dev-reset: {problem}", file=sys.stderr)
        return 1
    print("Deleted the accounts, keys and secrets of the local cloud.")
    return 0
