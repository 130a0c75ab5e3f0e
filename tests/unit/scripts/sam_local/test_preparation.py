"""What `make invoke` prepares: every placeholder of every sample, by the service's own flows, over fakes."""

from datetime import UTC, datetime
from functools import cached_property
from urllib.parse import parse_qs, urlsplit

import pytest

from accounts import secrets
from accounts.model import device_codes
from accounts.model.identities import email_key
from accounts.model.one_time_tokens import AUTHORIZATION_CODE, PASSWORD_RESET, USER_CODE, token_key
from accounts.model.providers import GITHUB, GOOGLE, ProviderPerson
from accounts.model.users import DISABLED
from accounts.settings import Settings
from scripts.sam_local import CannotRun, preparation, samples
from scripts.sam_local.made_up import VALUES
from scripts.sam_local.preparation import PLACEHOLDERS, Preparation
from tests.fake_deployment import FakeDeployment
from tests.unit.accounts.flows.providers.stage import FakeProvider, FakeProviders

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
NOBODY = ProviderPerson("google", "0", "", email_verified=False, name="")


class Deployment(FakeDeployment):
    """With providers, and the settings that samples contain."""

    def __init__(self) -> None:
        super().__init__()
        more = {"ADMIN_SECRET": "arn:admin", "MAIL_FEEDBACK_TOPIC": "arn:topic"}
        self.settings = Settings("local", self.settings.site_url, {**self.settings.environ, **more})

    @cached_property
    def providers(self) -> FakeProviders:  # type: ignore[override]
        return FakeProviders({name: FakeProvider(name, NOBODY) for name in (GOOGLE, GITHUB)})

    def visit(self, url: str, email: str) -> str:
        """Allow a login as the owner of this address, as at a stand-in."""
        provider = self.providers.get(urlsplit(url).netloc.partition(".")[0])
        verified = not email.startswith("unverified")
        provider.says = ProviderPerson(provider.name, f"subject of {email}"[:40], email, verified, "Olive")
        return f"https://accounts.example.com/auth/callback?code=a-code&{urlsplit(url).query}"


@pytest.fixture
def deployment() -> Deployment:
    return Deployment()


@pytest.fixture
def prepared(deployment: Deployment) -> Preparation:
    return Preparation(deployment, lambda: NOW, lambda arn: f"the secret of {arn}", deployment.visit)


def test_every_placeholder_of_every_sample_can_be_prepared() -> None:
    """Add a property of that name to Preparation, and a made-up value for tests and benchmarks."""
    used = {name for function in samples.names() for name in samples.placeholders(function)}
    assert used == PLACEHOLDERS == set(VALUES)


@pytest.mark.parametrize("name", sorted(PLACEHOLDERS))
def test_a_value_is_prepared_once(prepared: Preparation, name: str) -> None:
    """And differs from that of another preparation, unless the deployment or the samples fix it."""
    value = prepared.value(name)
    another = Deployment()
    other = Preparation(another, lambda: NOW, lambda arn: f"the secret of {arn}", another.visit).value(name)

    assert value
    assert prepared.value(name) == value
    fixed = {"password", "admin_secret", "mail_feedback_topic", "provider_code", "scanner_key"}
    assert (value == other) == (name in fixed)


def test_an_unknown_placeholder_is_named(prepared: Preparation) -> None:
    with pytest.raises(CannotRun, match=r"nothing prepares \{\{sessoin\}\}"):
        prepared.value("sessoin")
    with pytest.raises(CannotRun, match=r"nothing prepares \{\{_owner\}\}"):
        prepared.value("_owner")


def test_what_the_service_refuses_is_named(prepared: Preparation, deployment: Deployment) -> None:
    """Such as a provider without credentials."""
    deployment.providers.by_name.clear()
    with pytest.raises(CannotRun, match=r"\{\{provider_state\}\} cannot be prepared in the local cloud"):
        prepared.value("provider_state")


def test_the_account_is_one_and_can_do_what_the_samples_ask(prepared: Preparation, deployment: Deployment) -> None:
    """Session, key, password, browser and linked identity belong to the account of the address."""
    account = deployment.users.get(prepared.account_id)
    identity = deployment.identities.get(email_key(prepared.email))
    assert account is not None
    assert identity is not None
    assert identity.verified
    assert deployment.hasher.verify(prepared.password, identity.password_hash).matches
    assert secrets.digest(prepared.known_browser) in identity.known_browsers
    sessions, keys = {secrets.digest(prepared.session), prepared.other_session_id}, {secrets.digest(prepared.api_key)}
    deletable, linked = prepared.api_key_id, prepared.identity_id

    account = deployment.users.get(prepared.account_id)
    assert account is not None
    assert sessions <= set(account.sessions)
    assert keys | {deletable} == set(account.api_keys)
    assert linked in {secrets.digest(key) for key in account.identities}


def test_tokens_are_pending(prepared: Preparation, deployment: Deployment) -> None:
    tokens = deployment.one_time_tokens
    code = device_codes.typed(prepared.user_code)
    assert tokens.get(token_key(PASSWORD_RESET, secrets.digest(prepared.reset_token))) is not None
    assert tokens.get(token_key(AUTHORIZATION_CODE, secrets.digest(prepared.authorization_code))) is not None
    assert code is not None
    typed = tokens.get(token_key(USER_CODE, code))
    assert typed is not None
    assert typed.subject == prepared.account_id


def test_a_disabled_account_is_not_that_of_the_other_samples(prepared: Preparation, deployment: Deployment) -> None:
    disabled = deployment.users.get(prepared.disabled_account_id)
    assert disabled is not None
    assert disabled.user_id != prepared.account_id
    assert disabled.status == DISABLED


def test_a_real_provider_is_left_to_people() -> None:
    with pytest.raises(CannotRun, match=r"logs in at accounts\.google\.com, where only a person can"):
        preparation.allow_at_stand_in("https://accounts.google.com/o/oauth2/v2/auth?state=x", "a@example.com")


def test_the_state_of_a_visit_comes_back(prepared: Preparation, deployment: Deployment) -> None:
    """With the name of the cookie that belongs to it."""
    sent = deployment.providers.get(GOOGLE).sent
    state = prepared.provider_state
    assert [parse_qs(f"state={it}")["state"][0] for it, _ in sent] == [state]
    assert prepared.provider_state_id == secrets.digest(state)[:8]
