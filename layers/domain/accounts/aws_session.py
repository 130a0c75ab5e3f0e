"""The process's one botocore session, from which the edges create their clients.

Botocore does work that this service has no use for: two in three of its 120 hooks, each inspected when it is
registered, are for other services or print manuals; its sources of credentials create two HTTP clients; its user agent
is assembled twice per call. Leaving these out takes an eighth off a cold start and a tenth off a call (`make bench`).
"""

from __future__ import annotations

from functools import cache

from botocore import __version__, handlers
from botocore.config import Config
from botocore.credentials import CredentialResolver, EnvProvider
from botocore.session import Session

# As botocore writes them in the names of hooks.
SERVICES = frozenset({"*", "dynamodb", "kms", "secrets-manager", "secretsmanager", "sqs"})
_USER_AGENT = f"comfy-accounts Botocore/{__version__}"


@cache
def session() -> Session:
    """Create it on first use. It reads credentials and endpoints where botocore always does."""
    made = Session(include_builtin_handlers=False)
    made.set_default_client_config(Config(user_agent=_USER_AGENT))
    # Botocore asks the environment first, where Lambda puts them, but creates all its other sources to do so.
    environment = EnvProvider()
    if EnvProvider.ACCESS_KEY in environment.environ:
        made.register_component("credential_provider", CredentialResolver([environment]))
    events = made.get_component("event_emitter")
    register = {handlers.REGISTER_FIRST: events.register_first, handlers.REGISTER_LAST: events.register_last}
    for name, hook, *order in handlers.BUILTIN_HANDLERS:
        if is_used(name):
            register.get(order[0] if order else None, events.register)(name, hook)
    return made


def is_used(hook: str) -> bool:
    """Whether a hook such as ``before-call.s3.PutObject`` is for every service, or for one that we call."""
    kind, _, rest = hook.partition(".")
    return not kind.startswith("docs") and (not rest or rest.partition(".")[0] in SERVICES)
