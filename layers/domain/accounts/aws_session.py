"""The process's only botocore session, from which the edges create their clients.

Skips work that botocore does for nothing here: two thirds of its 120 hooks are for other services or for manuals, each
new event is compared with the old names of 60 other services, its credential sources create two HTTP clients, and its
user agent is assembled twice per call. This saves an eighth of a cold start and a tenth of a call (`make bench`).
"""

from __future__ import annotations

from functools import cache

from botocore import __version__, handlers
from botocore.config import Config
from botocore.credentials import CredentialResolver, EnvProvider
from botocore.hooks import EVENT_ALIASES, EventAliaser, HierarchicalEmitter
from botocore.session import Session

# As spelled in the names of botocore's hooks.
SERVICES = frozenset({"*", "dynamodb", "kms", "lambda", "secrets-manager", "secretsmanager", "sqs"})
_USER_AGENT = f"comfy-accounts Botocore/{__version__}"


@cache
def session() -> Session:
    """Credentials and endpoints come from where botocore always reads them."""
    made = Session(include_builtin_handlers=False)
    # No endpoints by account: Lambda does not say which account it is, and `trim.py` removes their rules.
    made.set_default_client_config(Config(user_agent=_USER_AGENT, account_id_endpoint_mode="disabled"))
    # Lambda sets them in the environment, which botocore reads first, but only after creating all other sources.
    environment = EnvProvider()
    if EnvProvider.ACCESS_KEY in environment.environ:
        made.register_component("credential_provider", CredentialResolver([environment]))
    aliases = {old: new for old, new in EVENT_ALIASES.items() if new in SERVICES}
    events = EventAliaser(HierarchicalEmitter(), aliases)
    made.register_component("event_emitter", events)
    register = {handlers.REGISTER_FIRST: events.register_first, handlers.REGISTER_LAST: events.register_last}
    for name, hook, *order in handlers.BUILTIN_HANDLERS:
        if is_used(name):
            register.get(order[0] if order else None, events.register)(name, hook)
    return made


def is_used(hook: str) -> bool:
    """Whether a hook such as ``before-call.s3.PutObject`` is for all services, or for one that is used here."""
    kind, _, rest = hook.partition(".")
    return not kind.startswith("docs") and (not rest or rest.partition(".")[0] in SERVICES)
