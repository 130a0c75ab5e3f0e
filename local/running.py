"""Finds the emulated AWS of the running `make dev`, without what starting one needs."""

from local import KEEP
from local.emulator import Emulator, last_ports
from local.processes import USUAL_PORT, port_from_environment, port_is_taken

AWS_PORT = "AWS_PORT"
"""The environment variable with the port of the emulated AWS."""


class NotRunning(Exception):
    """No `make dev` runs on the chosen port."""


def emulator() -> Emulator:
    """Return the emulated AWS of `make dev`, on PORT if that is set; raises NotRunning, NotAPort."""
    state = KEEP / "state"
    kept = last_ports(state)
    port = port_from_environment("PORT", kept[0] if kept else USUAL_PORT)
    aws_port = port_from_environment(AWS_PORT, kept[1] if kept and kept[0] == port else usual_aws_port(port))
    if not port_is_taken(aws_port):
        raise NotRunning(f"no `make dev` runs on port {port}")
    return Emulator(aws_port, port, state)


def usual_aws_port(port: int) -> int:
    """Return the port of the emulated AWS beside a site. The one between them is the mailbox's."""
    return port + 2
