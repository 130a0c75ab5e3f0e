"""The login methods that an origin may use."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType

from accounts.errors import OriginNotAllowed
from accounts.flows.providers.login_methods import Methods
from accounts.model.providers import NAMES


class LoginMethods(Struct):
    """The login methods of an origin. ``message`` says what to do on an origin that is not on the allowlist."""

    origin: str
    allowed: bool
    methods: list[str]
    start_urls: dict[str, str]
    api_key_url: str
    message: str | UnsetType = UNSET


def present(found: Methods, site_url: str) -> LoginMethods:
    return LoginMethods(
        origin=found.origin,
        allowed=found.allowed,
        methods=list(found.names),
        start_urls={name: f"{site_url}/auth/{name}/start" for name in found.names if name in NAMES},
        api_key_url=f"{site_url}/api-keys",
        message=UNSET if found.allowed else OriginNotAllowed.default_message,
    )
