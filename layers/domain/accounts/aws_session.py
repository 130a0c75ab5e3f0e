"""The process's one botocore session, which the edges make their clients from, without what this service never calls.

Botocore hangs some 120 hooks into every session, each inspected as it is registered and copied for every client. Two in
three are for other services or for printing manuals. Leaving these out, and sharing the rest, takes a tenth off a cold
start (`make bench`).
"""

from __future__ import annotations

from functools import cache

from botocore import handlers
from botocore.session import Session

# As botocore writes them in the names of hooks.
SERVICES = frozenset({"*", "dynamodb", "kms", "secrets-manager", "secretsmanager", "sqs"})


@cache
def session() -> Session:
    """Make it on first use. It reads credentials and endpoints where botocore always does."""
    made = Session(include_builtin_handlers=False)
    events = made.get_component("event_emitter")
    register = {handlers.REGISTER_FIRST: events.register_first, handlers.REGISTER_LAST: events.register_last}
    for name, hook, *order in handlers.BUILTIN_HANDLERS:
        if is_ours(name):
            register.get(order[0] if order else None, events.register)(name, hook)
    return made


def is_ours(hook: str) -> bool:
    """Whether a hook such as ``before-call.s3.PutObject`` is for every service, or for one that we call."""
    kind, _, rest = hook.partition(".")
    return not kind.startswith("docs") and (not rest or rest.partition(".")[0] in SERVICES)
