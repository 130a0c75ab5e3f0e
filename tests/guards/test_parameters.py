"""Which parameters CloudFormation accepts: bounds and combinations. It rejects others before it creates anything."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from accounts import limits
from tests.cloudformation import template

ARN = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0000-4000-8000-000000000000"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:comfy-accounts/firewall-AbCdEf"
DOMAIN = {"SiteDomain": "accounts.example.com", "CertificateArn": ARN}
FIREWALL = {"Firewall": "on", "FirewallSecretArn": SECRET, "FirewallSecretDigests": "0" * 64}
REQUIRED = {
    "SiteUrl": "https://accounts.example.com",
    "MailFrom": "a@example.com",
    "SupportUrl": "mailto:a@example.com",
}


def evaluated(node: Any, values: dict[str, str]) -> Any:
    """The value of an expression, with only the functions that rules may use."""
    match node:
        case {"Ref": name}:
            return values[name]
        case {"Fn::Equals": [left, right]}:
            return str(evaluated(left, values)) == str(evaluated(right, values))
        case {"Fn::Not": [condition]}:
            return not evaluated(condition, values)
        case {"Fn::Contains": [several, one]}:
            return str(evaluated(one, values)) in several
        case {"Fn::Or": conditions}:
            return any(evaluated(condition, values) for condition in conditions)
    return node


def refused(region: str = "us-east-1", **given: str) -> list[str]:
    """The messages that reject these parameters, with the others at their defaults."""
    declared = template()["Parameters"].items()
    defaults = {name: str(parameter["Default"]) for name, parameter in declared if "Default" in parameter}
    values = {**defaults, **REQUIRED, **given, "AWS::Region": region}
    return [
        assertion["AssertDescription"]
        for rule in template()["Rules"].values()
        if evaluated(rule["RuleCondition"], values)
        for assertion in rule["Assertions"]
        if not evaluated(assertion["Assert"], values)
    ]


@pytest.mark.parametrize(
    "given",
    [
        {},
        DOMAIN,
        DOMAIN | FIREWALL,
        {"AllowedOrigins": "https://app.example.com:8443"},
        {"AllowedOrigins": "http://localhost:8188"},
        {"OAuthClients": "a-1|One|http://127.0.0.1/callback http://[::1]/callback; b-2|Two 2|https://x.example/back;"},
        {"ClientMetadataHosts": "*"},
        {"ClientMetadataHosts": "off"},
        {"ClientMetadataHosts": "claude.ai, *.example.com"},
        {
            "OAuthResources": "https://cloud.example.com/mcp|Cloud|jobs:read=See your jobs|jobs:write=Start jobs;",
            "AuthorizerAudience": "https://cloud.example.com/mcp",
        },
        {"MonthlyBudget": "100", "AlarmEmail": "a@example.com"},
        {"PasswordMinCharacters": "8", "SecondFactor": "required"},
        {"PasswordMinCharacters": "15", "SecondFactor": "off"},
        {"MonthlyBudget": "100", "AlarmTopicArn": "arn:aws:sns:us-east-1:123456789012:alarms"},
    ],
)
def test_valid_combinations_are_accepted(given: dict[str, str]) -> None:
    """By the rules and by each parameter's pattern."""
    assert refused(**given) == []
    declared = template()["Parameters"]
    assert [
        name for name, it in given.items() if not re.fullmatch(declared[name].get("AllowedPattern", ".*"), it)
    ] == []


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"SiteDomain": "accounts.example.com"}, "SiteDomain requires CertificateArn, an ACM certificate for it."),
        ({"CertificateArn": ARN}, "CertificateArn requires SiteDomain, the domain of the certificate."),
        (FIREWALL, "Firewall requires SiteDomain, the domain that it protects."),
        (
            DOMAIN | FIREWALL | {"FirewallSecretArn": ""},
            "Firewall requires FirewallSecretArn; see docs/deploy.md.",
        ),
        (
            DOMAIN | FIREWALL | {"FirewallSecretDigests": ""},
            "Firewall requires FirewallSecretDigests; see docs/deploy.md.",
        ),
        ({"PasswordMinCharacters": "14"}, "PasswordMinCharacters below 15 requires SecondFactor required."),
        (
            {"PasswordMinCharacters": "8", "SecondFactor": "off"},
            "PasswordMinCharacters below 15 requires SecondFactor required.",
        ),
        (
            {"PasswordMinCharacters": "8", "SecondFactor": "required", "BreachedPasswordLookup": "off"},
            "PasswordMinCharacters below 15 requires BreachedPasswordLookup on: the bundled list has no short ones.",
        ),
        ({"MonthlyBudget": "100"}, "MonthlyBudget requires a recipient, AlarmEmail or AlarmTopicArn."),
    ],
)
def test_incomplete_combinations_are_rejected(given: dict[str, str], why: str) -> None:
    """A firewall without its secret could be bypassed, or would refuse every request."""
    assert refused(**given) == [why]


def test_a_firewall_in_another_region_is_rejected() -> None:
    """CloudFront uses firewalls of us-east-1 only."""
    assert refused("eu-west-1", **DOMAIN, **FIREWALL) == [
        "Firewall requires the region us-east-1, the only one whose firewalls and certificates CloudFront uses."
    ]


def test_rules_use_only_functions_that_rules_may_use() -> None:
    """cfn-lint does not check which functions rules use."""
    may = {"Fn::And", "Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn", "Fn::Equals", "Fn::Not", "Fn::Or"}
    used = set(re.findall(r'"(Fn::\w+)"', json.dumps(template()["Rules"])))
    assert used - may == set()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SiteUrl", "http://accounts.example.com"),
        ("SiteUrl", "https://accounts.example.com/"),
        ("SiteDomain", "https://accounts.example.com"),
        ("SiteDomain", "Accounts.example.com"),
        ("CertificateArn", "0a1b2c3d"),
        ("MailFrom", "accounts.example.com"),
        ("LogoUrl", "http://cdn.example.com/logo.png"),
        ("LogoUrl", "https://cdn.example.com;script-src */logo.png"),
        ("SupportUrl", "javascript:alert(1)"),
        ("SiteName", "<b>"),
        ("SiteName", "a\r\nBcc: b"),
        ("SiteName", "x" * (limits.SITE_NAME_MAX_CHARACTERS + 1)),
        ("AllowedOrigins", "app.example.com"),
        ("AllowedOrigins", "http://app.example.com"),
        ("AllowedOrigins", "https://app.example.com/path"),
        ("AllowedOrigins", "https://*.example.com"),
        ("OAuthClients", "desktop"),
        ("OAuthClients", "desktop|Comfy Desktop"),
        ("OAuthClients", "Desktop|Comfy Desktop|http://127.0.0.1/callback"),
        ("OAuthClients", "desktop|Comfy Desktop|http://127.0.0.1/callback;cli"),
        ("OAuthResources", "https://cloud.example.com/mcp"),
        ("OAuthResources", "https://cloud.example.com/mcp|Cloud"),
        ("OAuthResources", "https://cloud.example.com/mcp|Cloud|jobs"),
        ("OAuthResources", "cloud.example.com|Cloud|jobs=See your jobs"),
        ("OAuthResources", "https://cloud.example.com/mcp|Cloud|jobs=See your jobs;https://a.example"),
        ("ClientMetadataHosts", ""),
        ("ClientMetadataHosts", "on"),
        ("ClientMetadataHosts", "*.com"),
        ("ClientMetadataHosts", "https://claude.ai"),
        ("ClientMetadataHosts", "claude.ai:443"),
        ("ClientMetadataHosts", "10.0.0.1"),
        ("AuthorizerAudience", "cloud"),
        ("AlarmEmail", "alarms"),
        ("AlarmTopicArn", "alarms"),
        ("FirewallSecretArn", "comfy-accounts/firewall"),
        ("FirewallSecretDigests", "0" * 63),
        ("FirewallSecretDigests", "0" * 64 + ","),
    ],
)
def test_an_invalid_value_is_rejected(name: str, value: str) -> None:
    """By the parameter's pattern."""
    assert not re.search(template()["Parameters"][name]["AllowedPattern"], value)


def test_parameters_have_the_bounds_of_the_limits() -> None:
    """CloudFormation and the functions have the same bounds and defaults."""
    hour, minute, day = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
    idle_at_least = limits.SESSION_IDLE_AT_LEAST // minute
    chosen = {
        "PasswordMinCharacters": (
            limits.PASSWORD_MIN_CHARACTERS_WITH_SECOND_FACTOR,
            limits.PASSWORD_MIN_CHARACTERS,
            limits.PASSWORD_MIN_CHARACTERS_AT_MOST,
        ),
        "SessionHours": (1, limits.SESSION_LIFETIME // hour, limits.SESSION_LIFETIME // hour),
        "SessionIdleMinutes": (idle_at_least, limits.SESSION_IDLE // minute, limits.SESSION_IDLE // minute),
        "RememberedSessionDays": (1, *[limits.REMEMBERED_SESSION_LIFETIME // day] * 2),
        "RememberedSessionIdleDays": (1, *[limits.REMEMBERED_SESSION_IDLE // day] * 2),
    }
    declared = template()["Parameters"]
    found = {name: tuple(declared[name][key] for key in ("MinValue", "Default", "MaxValue")) for name in chosen}
    assert found == chosen
