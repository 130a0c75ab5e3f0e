"""Which providers are real."""

import pytest

from local.providers import HalfConfigured, Providers

CONFIGURED = {"GOOGLE_CLIENT_ID": "id", "GOOGLE_CLIENT_SECRET": "secret"}


def test_only_a_configured_provider_is_the_real_one() -> None:
    """Each provider is configured separately."""
    providers = Providers(environment=CONFIGURED)

    assert providers.secret()["google"] == {"client_id": "id", "client_secret": "secret"}
    assert providers.parameters()["GoogleEndpoint"] == ""
    assert providers.parameters()["GithubEndpoint"].startswith("http://127.0.0.1:")


def test_half_a_configuration_is_refused() -> None:
    """Silently using the fake provider would be noticed much later."""
    with pytest.raises(HalfConfigured, match="GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET"):
        Providers(environment={"GITHUB_CLIENT_ID": "id"})


def test_tests_never_use_a_real_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the person who runs them has configured."""
    for name, value in CONFIGURED.items():
        monkeypatch.setenv(name, value)

    assert all(Providers(anywhere=True).parameters().values())


def test_a_stand_in_keeps_away_from_the_ports_that_make_dev_is_about_to_use() -> None:
    """`PORT=9000 make dev` uses those where the stand-ins usually are."""
    providers = Providers(environment={}, reserved=(9000, 9001, 9002))

    assert {provider.port for provider in providers.all} & {9000, 9001, 9002} == set()
