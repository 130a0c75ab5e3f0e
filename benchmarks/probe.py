"""One measurement in a fresh interpreter: `probe.py <what> <warm requests> <folder> <event> <path>...`.

Prints one line of JSON, in CPU seconds of this process: ``imported`` and ``answered``, from its start to the end of
imports and to the first response; ``hashing``, the part of it in bcrypt; ``warm``, the median of the warm requests
without bcrypt; ``unhashed``, the same if bcrypt does not run (it takes a quarter of a second and leaves the processor's
caches cold). Also the response's ``status``. Imports only modules that Lambda has.
"""

import os
import sys
from time import process_time


def main() -> None:
    """Measure what the arguments name: ``yardstick``, ``raw`` (a signed GetItem), or a function's handler."""
    what, warm, folder, event, *paths = sys.argv[1:]
    out, sys.stdout = sys.stdout, open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - pathlib is not imported yet
    sys.path[:0] = [folder, *paths]
    measured = {"yardstick": yardstick, "raw": raw}.get(what, handler)(int(warm), event)
    import json  # noqa: PLC0415 - nothing may be imported before the measurement

    out.write(json.dumps(measured))


def yardstick(_warm: int, _event: str) -> dict[str, object]:
    """The import that every function with DynamoDB needs."""
    import pynamodb.models  # noqa: F401, PLC0415

    return {"imported": process_time(), "modules": len(sys.modules)}


def raw(warm: int, _event: str) -> dict[str, object]:
    """The minimum cost of a call to DynamoDB: botocore with a signature, without pynamodb."""
    from botocore.session import get_session  # noqa: PLC0415

    key = {"user_id": {"S": "SampleAccountOfEventsFolder1"}}
    client = get_session().create_client("dynamodb")
    return {"warm": _median(lambda: client.get_item(TableName="UsersTable", Key=key, ConsistentRead=True), warm)}


def handler(warm: int, event: str) -> dict[str, object]:
    """Import a function's handler and invoke it with the event, which is JSON."""
    import handler as function  # noqa: PLC0415

    imported, modules = process_time(), len(sys.modules)
    import json  # noqa: PLC0415

    hashing = _watch_bcrypt()
    asked = json.loads(event)
    # Functions that a queue or a topic invokes return None.
    answer = function.lambda_handler(asked, _Context()) or {}
    answered = process_time()
    first = hashing.seconds
    warm_median = _median(lambda: function.lambda_handler(asked, _Context()), warm, hashing)
    warm_hashing = (hashing.seconds - first) / warm if warm else 0.0
    hashing.replay()
    return {
        "imported": imported,
        "answered": answered,
        "hashing": first,
        "warm": warm_median,
        "warm_hashing": warm_hashing,
        "unhashed": _median(lambda: function.lambda_handler(asked, _Context()), _UNHASHED if warm and first else 0),
        "status": answer.get("statusCode", 200),
        "failed": bool(answer.get("batchItemFailures")) or answer.get("isAuthorized") is False,
        "modules": modules,
    }


_UNHASHED = 200


class _Context:
    function_name = "benchmark"
    memory_limit_in_mb = 512
    aws_request_id = "benchmark"
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:benchmark"

    def get_remaining_time_in_millis(self) -> int:
        return 9000


class _Bcrypt:
    """Wraps the bcrypt module and counts the CPU seconds of its calls."""

    def __init__(self, real: object) -> None:
        self._real = real
        self.seconds = 0.0

        self._answers: dict[str, object] = {}
        self._replays = False

    def replay(self) -> None:
        """From now on, return the last results without hashing."""
        self._replays = True

    def __getattr__(self, name: str) -> object:
        function = getattr(self._real, name)

        def timed(*arguments: object) -> object:
            if self._replays:
                return self._answers[name]
            began = process_time()
            try:
                self._answers[name] = function(*arguments)
            finally:
                self.seconds += process_time() - began
            return self._answers[name]

        return timed


def _watch_bcrypt() -> _Bcrypt:
    passwords = sys.modules.get("accounts.model.passwords")
    watched = _Bcrypt(getattr(passwords, "bcrypt", None))
    if passwords:
        setattr(passwords, "bcrypt", watched)  # noqa: B010 - the module is known by name alone
    return watched


def _median(call: object, times: int, hashing: _Bcrypt | None = None) -> float:
    """CPU seconds of the median call, without those of bcrypt."""
    taken = []
    for _ in range(times):
        hashed, began = hashing.seconds if hashing else 0.0, process_time()
        call()
        taken.append(process_time() - began - ((hashing.seconds - hashed) if hashing else 0.0))
    return sorted(taken)[len(taken) // 2] if taken else 0.0


if __name__ == "__main__":
    main()
