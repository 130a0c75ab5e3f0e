"""Resource servers: which are configured, which of them a client names, and which scopes it gets."""

import re
from typing import Any

import pytest

from accounts.errors import ConfigurationError
from accounts.limits import (
    CLIENT_NAME_MAX_CHARACTERS,
    RESOURCE_MAX_CHARACTERS,
    SCOPE_MEANING_MAX_CHARACTERS,
    SCOPES_MAX_CHARACTERS,
)
from accounts.model import resources
from accounts.model.resources import MEANINGS, OWN, Resource
from tests.cloudformation import template

SITE = "https://accounts.example.com"
CLOUD, STORE = "https://cloud.example.com/mcp", "https://store.example.com"
CONFIGURED = (
    f"{CLOUD}|Comfy Cloud|jobs:read=See your jobs|jobs:write=Start and cancel jobs;"
    f" {STORE} | Comfy Store | orders = See your orders ;"
)
KNOWN = resources.load(SITE, CONFIGURED)
PATTERN = template()["Parameters"]["OAuthResources"]["AllowedPattern"]


def at(address: str) -> Resource:
    found = KNOWN.at(address)
    assert found
    return found


def test_the_configured_resources_are_read() -> None:
    assert list(KNOWN.by_address.values()) == [
        Resource(OWN, "", MEANINGS),
        Resource(CLOUD, "Comfy Cloud", {"jobs:read": ("See your jobs",), "jobs:write": ("Start and cancel jobs",)}),
        Resource(STORE, "Comfy Store", {"orders": ("See your orders",)}),
    ]
    assert KNOWN.audiences == (SITE, CLOUD, STORE)
    assert KNOWN.scopes == {"account", "jobs:read", "jobs:write", "orders"}
    assert re.fullmatch(PATTERN, CONFIGURED)


@pytest.mark.parametrize(
    ("indicator", "address"),
    [
        (None, OWN),
        (SITE, OWN),
        (f"{SITE}/", OWN),
        (f"{SITE}/api", OWN),
        (CLOUD, CLOUD),
        ("HTTPS://Cloud.Example.com:443/mcp", CLOUD),
        (STORE, STORE),
        (f"{STORE}/", STORE),
    ],
)
def test_a_resource_is_named_by_its_address(indicator: str | None, address: str) -> None:
    assert KNOWN.named(indicator) == KNOWN.at(address)


@pytest.mark.parametrize(
    "indicator",
    [
        "",
        f"{CLOUD}/",
        f"{CLOUD}/v1",
        f"{CLOUD}?x=1",
        f"{CLOUD}?",
        f"{CLOUD}#x",
        f"{CLOUD}#",
        CLOUD.replace("https", "http"),
        CLOUD.replace("/mcp", ":8443/mcp"),
        CLOUD.replace("/mcp", "/MCP"),
        CLOUD.replace("https://", "https://a@"),
        "https://cloud.example.com",
        f"{STORE}/x",
        f"{SITE}#x",
        f"{SITE}.evil.example/",
        f"{SITE}/api#x",
        "/mcp",
        "cloud.example.com/mcp",
        "urn:x:y",
        f"{CLOUD} {STORE}",
        f"{CLOUD},{STORE}",
    ],
)
def test_nothing_else_names_a_resource(indicator: str) -> None:
    """No part, extension or other spelling of an address: two services must not read it differently."""
    assert KNOWN.named(indicator) is None


@pytest.mark.parametrize("requested", ["", "account", "openid profile", "jobs:read account", "orders"])
def test_every_scope_of_this_service_is_granted_as_the_one_that_exists(requested: str) -> None:
    """Unknown scopes are ignored, and the response says what was granted (RFC 6749 3.3)."""
    assert KNOWN.granted(at(OWN), requested) == "account"


@pytest.mark.parametrize(
    ("requested", "granted"),
    [
        ("", "jobs:read jobs:write"),
        ("jobs:write", "jobs:write"),
        ("jobs:write jobs:read", "jobs:read jobs:write"),
        ("jobs:read jobs:read", "jobs:read"),
        ("jobs:read account orders", "jobs:read"),
        ("account", None),
        ("orders", None),
        ("jobs:delete", None),
        ("jobs:read jobs:delete", None),
        ("jobs:read openid", None),
        ("jobs", None),
        ("JOBS:READ", None),
    ],
)
def test_of_a_resource_only_what_is_configured_for_it_is_granted(requested: str, granted: str | None) -> None:
    """Scopes of other resources are left out; a scope that does not exist is refused."""
    assert KNOWN.granted(at(CLOUD), requested) == granted


@pytest.mark.parametrize("requested", [" ", "account ", " account", "a  b", 'a"b', "a\\b", "ä", "a\nb", "account\n"])
@pytest.mark.parametrize("address", [OWN, CLOUD])
def test_a_malformed_scope_is_refused(requested: str, address: str) -> None:
    """RFC 6749 3.3 defines its characters."""
    assert KNOWN.granted(at(address), requested) is None


def test_a_scope_that_is_no_longer_configured_is_lost() -> None:
    assert at(CLOUD).limited("jobs:delete jobs:write") == "jobs:write"
    assert at(CLOUD).limited("jobs:delete") == ""
    assert KNOWN.at("https://gone.example.com") is None


LONGEST = {
    "address": f"https://cloud.example.com/{'a' * (RESOURCE_MAX_CHARACTERS - 26)}",
    "name": "n" * CLIENT_NAME_MAX_CHARACTERS,
    "scope": "s" * SCOPES_MAX_CHARACTERS,
    "meaning": "m" * SCOPE_MEANING_MAX_CHARACTERS,
}


def entry(address: str = CLOUD, name: str = "Cloud", scope: str = "jobs", meaning: str = "See your jobs") -> str:
    return f"{address}|{name}|{scope}={meaning}"


@pytest.mark.parametrize("part", LONGEST)
def test_each_part_has_a_longest(part: str) -> None:
    longest: dict[str, Any] = {part: LONGEST[part]}
    assert len(resources.load(SITE, entry(**longest)).audiences) == 2
    with pytest.raises(ConfigurationError):
        resources.load(SITE, entry(**{part: f"{LONGEST[part]}x"}))


def test_scopes_are_counted_together() -> None:
    """With the spaces between them: this is what the token carries."""
    half = SCOPES_MAX_CHARACTERS // 2
    for length, fits in ((half - 1, True), (half, False)):
        two = f"{CLOUD}|Cloud|{'a' * half}=One|{'b' * length}=Two"
        if fits:
            assert resources.load(SITE, two).scopes
        else:
            with pytest.raises(ConfigurationError):
                resources.load(SITE, two)


@pytest.mark.parametrize(
    "configured",
    [
        CLOUD,
        f"{CLOUD}|Cloud",
        f"{CLOUD}|Cloud|",
        f"{CLOUD}|Cloud|jobs",
        f"{CLOUD}|Cloud|=Jobs",
        f"{CLOUD}|Cloud|jobs=",
        f"{CLOUD}|Cloud|jobs read=Jobs",
        f'{CLOUD}|Cloud|"jobs"=Jobs',
        f"{CLOUD}|Cloud|jobs=One|jobs=Two",
        f"{CLOUD}||jobs=Jobs",
        f"{CLOUD}|Cl\u202eoud|jobs=Jobs",
        f"{CLOUD}|Cloud|jobs=Jo\u202ebs",
        f"{entry()};{entry()}",
        entry(f"{CLOUD}?x=1"),
        entry(f"{CLOUD}#x"),
        entry("https://Cloud.example.com/mcp"),
        entry("https://cloud.example.com:443/mcp"),
        entry("https://cloud.example.com/"),
        entry("http://cloud.example.com/mcp"),
        entry("cloud.example.com/mcp"),
        entry("urn:cloud"),
        entry("https://*.example.com"),
        entry(SITE),
        entry(f"{SITE}/mcp"),
    ],
)
def test_a_configuration_that_cannot_be_meant_is_refused(configured: str) -> None:
    """A resource at the site's own address would be two services with one audience."""
    with pytest.raises(ConfigurationError, match=r"resource|OAuthResources"):
        resources.load(SITE, configured)


@pytest.mark.parametrize("scope", MEANINGS)
def test_another_service_cannot_have_a_scope_of_this_service(scope: str) -> None:
    """A key that may only use the other service could read the owner's account here."""
    with pytest.raises(ConfigurationError) as refusal:
        resources.load(SITE, f"{entry()};{entry(STORE, scope=scope)}")

    assert refusal.value.message == (
        f"OAuthResources lists the scope {scope}, which is this service's own. Give it another name."
    )
    assert resources.load(SITE, entry(scope=f"{scope}s")).scopes == {scope, f"{scope}s"}


@pytest.mark.parametrize("address", ["https://gone.example.com", SITE, f"{CLOUD}/"])
def test_only_a_configured_service_is_guarded(address: str) -> None:
    with pytest.raises(ConfigurationError, match="which OAuthResources does not list"):
        KNOWN.guarded(address)
    assert (KNOWN.guarded(OWN), KNOWN.guarded(CLOUD)) == (SITE, CLOUD)


def test_a_resource_on_loopback_is_for_development() -> None:
    assert resources.load("http://localhost:8000", entry("http://127.0.0.1:9000/mcp")).audiences[1].endswith("/mcp")


def test_before_a_deployment_the_own_address_is_not_known() -> None:
    assert resources.load("", entry()).at(CLOUD)
