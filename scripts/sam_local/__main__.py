"""`python -m scripts.sam_local invoke FUNCTION` or `start-api`: `make invoke` and `make start-api`."""

import signal
import sys
from types import FrameType

from botocore.exceptions import BotoCoreError, ClientError

from local.processes import NotAPort
from local.running import NotRunning
from scripts.sam_local import CannotRun, commands
from scripts.stacks import TemplateProblem

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(arguments: list[str]) -> int:
    """Run the command; return the exit code."""
    command, function = arguments[0], " ".join(arguments[1:])
    if command == "invoke" and not function:
        print(commands.functions())
        return 0
    try:
        return commands.invoke(function, _say) if command == "invoke" else commands.start_api(_say)
    except NotRunning as problem:
        print(f"make {command}: {problem}. Start `make dev` in another terminal, then run this again.", file=sys.stderr)
    except (BotoCoreError, ClientError) as problem:
        print(f"make {command}: what runs there does not answer as `make dev` does: {problem}", file=sys.stderr)
    except (CannotRun, NotAPort, TemplateProblem) as problem:
        print(f"make {command}: {problem}", file=sys.stderr)
    except KeyboardInterrupt:
        print("Stopped.")
        return 0
    return 1


def _handle_signals() -> None:
    for number in _SIGNALS:
        signal.signal(number, _stop)


def _stop(_number: int, _frame: FrameType | None) -> None:
    # Once only: a second signal must not interrupt the removal of containers.
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _say(what: str) -> None:
    print(f"== {what}", flush=True)


if __name__ == "__main__":
    _handle_signals()
    sys.exit(main(sys.argv[1:]))
