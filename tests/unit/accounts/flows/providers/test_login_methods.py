"""Which login methods an origin has, and which providers a deployment has."""

from collections.abc import Mapping
from typing import Any

import pytest

from accounts.errors import ConfigurationError, ProviderOff, Unavailable
from accounts.flows.providers.login_methods import LoginMethods, Methods
from accounts.identity_providers.directory import ProviderDirectory
from accounts.identity_providers.github import GitHub
from accounts.identity_providers.google import Google
from accounts.model.origins import Allowlist
from accounts.model.providers import ClientCredentials
from accounts.settings import Settings
from tests.unit.accounts.stage import SITE_URL

GOOGLE, GITHUB = ClientCredentials("google-client", "secret"), ClientCredentials("github-client", "secret")
BOTH = {"google": GOOGLE, "github": GITHUB}
KEY_ONLY = ("api_key",)


def _methods(origin: str, credentials: Mapping[str, ClientCredentials] = BOTH) -> Methods:
    return LoginMethods(SITE_URL, Allowlist(SITE_URL, ["https://app.example.net"]), lambda: credentials).of(origin)


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("", SITE_URL),
        (SITE_URL, SITE_URL),
        ("http://127.0.0.1:8188", "http://127.0.0.1:8188"),
        ("HTTP://LOCALHOST.:8188/", "http://localhost:8188"),
        ("https://cloud.comfy.org", "https://cloud.comfy.org"),
        ("https://app.example.net:443", "https://app.example.net"),
    ],
)
def test_an_allowed_origin_has_every_login_method(text: str, origin: str) -> None:
    """The response has the origin in its canonical spelling."""
    assert _methods(text) == Methods(origin, allowed=True, names=("email", "google", "github", "api_key"))


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("http://192.168.1.20:8188", "http://192.168.1.20:8188"),
        ("https://comfy.org.evil.com", "https://comfy.org.evil.com"),
        ("http://0.0.0.0:8188", "http://0.0.0.0:8188"),
        ("null", ""),
        ("*", ""),
        ("<script>", ""),
        ("https://comfy.org/path", ""),
        (" ", ""),
        ("\ud800", ""),
    ],
)
def test_any_other_origin_has_only_the_key(text: str, origin: str) -> None:
    """An invalid origin is not echoed."""
    assert _methods(text) == Methods(origin, allowed=False, names=KEY_ONLY)


@pytest.mark.parametrize(
    ("credentials", "names"),
    [
        ({}, ("email", "api_key")),
        ({"google": GOOGLE}, ("email", "google", "api_key")),
        ({"github": GITHUB}, ("email", "github", "api_key")),
        ({"facebook": GOOGLE}, ("email", "api_key")),
    ],
)
def test_a_provider_without_credentials_is_not_a_login_method(
    credentials: dict[str, ClientCredentials], names: tuple[str, ...]
) -> None:
    assert _methods("", credentials).names == names


def test_an_origin_that_is_not_on_the_list_does_not_read_the_secret() -> None:
    """It gets no provider, whatever the secret holds."""

    def unreadable() -> Mapping[str, ClientCredentials]:
        raise Unavailable

    methods = LoginMethods(SITE_URL, Allowlist(SITE_URL), unreadable)

    assert methods.of("https://evil.com").names == KEY_ONLY
    with pytest.raises(Unavailable):
        methods.of("")


def _directory(credentials: Any = BOTH, stage: str = "prod", **environ: str) -> ProviderDirectory:
    return ProviderDirectory(Settings(stage, SITE_URL, environ), lambda: credentials)


def test_a_provider_with_credentials_is_on() -> None:
    """Created once for each set of credentials, so that its keys are cached between logins."""
    directory = _directory()

    assert (type(directory.get("google")), type(directory.get("github"))) == (Google, GitHub)
    assert directory.get("google") is directory.get("google")


def test_new_credentials_take_effect_without_a_deployment() -> None:
    """The provider is recreated for a rotated secret."""
    credentials = {"google": GOOGLE}
    directory = _directory(credentials)
    before = directory.get("google")
    credentials["google"] = ClientCredentials("google-client", "rotated")

    assert directory.get("google") is not before


@pytest.mark.parametrize("name", ["facebook", "", "GOOGLE", "google#", "__class__"])
def test_a_provider_without_credentials_is_off(name: str) -> None:
    """An unknown provider gives the same answer."""
    with pytest.raises(ProviderOff):
        _directory().get(name)


def test_credentials_of_one_provider_do_not_turn_on_the_other() -> None:
    directory = _directory({"github": GITHUB})
    with pytest.raises(ProviderOff):
        directory.get("google")

    assert type(directory.get("github")) is GitHub


@pytest.mark.parametrize("name", ["google", "github"])
def test_each_provider_has_one_registered_address_of_its_own(name: str) -> None:
    """Built from the deployment's address alone (OA-09)."""
    client = _directory().get(name)._client  # type: ignore[attr-defined]

    assert client._redirect_uri == f"{SITE_URL}/auth/{name}/callback"


@pytest.mark.parametrize("stage", ["dev", "prod"])
@pytest.mark.parametrize("variable", ["GOOGLE_ENDPOINT", "GITHUB_ENDPOINT"])
def test_a_deployment_with_a_provider_override_does_not_start(stage: str, variable: str) -> None:
    """An attacker who can set a variable must not become Google."""
    with pytest.raises(ConfigurationError, match=variable):
        _directory(stage=stage, **{variable: "http://127.0.0.1:9002"})


@pytest.mark.parametrize("url", ["https://evil.com", "http://192.168.1.20:9002", "http://127.0.0.1:9002/path", "x"])
def test_a_provider_override_must_be_on_this_machine(url: str) -> None:
    """Even in the local cloud."""
    with pytest.raises(ConfigurationError, match="GOOGLE_ENDPOINT"):
        _directory(stage="local", GOOGLE_ENDPOINT=url)


@pytest.mark.parametrize(
    ("name", "variable", "urls"),
    [
        (
            "google",
            "GOOGLE_ENDPOINT",
            ["http://127.0.0.1:9/o/oauth2/v2/auth", "http://127.0.0.1:9/token", "http://127.0.0.1:9/oauth2/v3/certs"],
        ),
        (
            "github",
            "GITHUB_ENDPOINT",
            [
                "http://127.0.0.1:9/login/oauth/authorize",
                "http://127.0.0.1:9/login/oauth/access_token",
                "http://127.0.0.1:9/api/user",
                "http://127.0.0.1:9/api/user/emails",
            ],
        ),
    ],
)
def test_the_local_cloud_calls_its_own_provider(name: str, variable: str, urls: list[str]) -> None:
    """At its addresses, but with the real issuer."""
    provider: Any = _directory(stage="local", **{variable: "http://127.0.0.1:9/"}).get(name)
    endpoints = provider._client.endpoints

    assert [endpoints.authorization, endpoints.token, *endpoints.others.values()] == urls
    assert endpoints.origins == {"http://127.0.0.1:9"}
    assert (
        provider.issuer == {"google": "https://accounts.google.com", "github": "https://github.com/login/oauth"}[name]
    )
