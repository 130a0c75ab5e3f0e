"""Rotations: new values beside old ones, nothing lost, nothing printed, and no concurrent change undone."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest

from accounts.aws.secrets import KEPT_SECONDS, AdminSecret, PepperSecret, Secret
from accounts.model.passwords import BcryptHasher
from scripts import place
from scripts.admin import __main__ as command
from scripts.admin import rotations
from scripts.admin.vault import Vault
from scripts.place import CannotDo, Place
from tests.unit.scripts.test_admin import Input

SECRETS = {
    "PepperSecret": json.dumps({"current": "9", "1": "o" * 64, "9": "n" * 64}),
    "AdminSecret": "a" * 48,
    "OAuthProvidersSecret": json.dumps(
        {
            "google": {"client_id": "g-id", "client_secret": "g-old"},
            "github": {"client_id": "", "client_secret": ""},
        }
    ),
}


@pytest.fixture
def stack(aws: None, monkeypatch: pytest.MonkeyPatch) -> Place:  # noqa: ARG001
    """A stack's secrets, in an emulated AWS."""
    vault = boto3.client("secretsmanager")
    found = Place(lambda _service: vault, "our-stack", "the stack our-stack")
    found.__dict__["names"] = {
        name: vault.create_secret(Name=name, SecretString=text)["ARN"] for name, text in SECRETS.items()
    }
    monkeypatch.setattr(place, "find", lambda: found)
    monkeypatch.setattr("accounts.aws.secrets.client", lambda _service: vault)
    return found


def text_of(stack: Place, name: str) -> str:
    """The current version."""
    found = stack.client("secretsmanager").get_secret_value(SecretId=stack.names[name], VersionStage="AWSCURRENT")
    text: str = found["SecretString"]
    return text


def peppers(stack: Place) -> dict[str, str]:
    """All peppers."""
    found: dict[str, str] = json.loads(text_of(stack, "PepperSecret"))
    return found


def test_a_new_pepper_is_current_and_all_old_ones_are_kept(stack: Place) -> None:
    """Its number is one above the highest, and it is long."""
    said = rotations.pepper(stack)

    after = peppers(stack)
    new = after.pop("10")
    assert after == {"current": "10", "1": "o" * 64, "9": "n" * 64}
    assert len(new) == 64
    assert said.startswith("Passwords are hashed under pepper 10 from now on")
    assert new not in said


def test_passwords_work_in_every_function_while_the_pepper_is_rotated(stack: Place) -> None:
    """Functions with the new and with the old pepper cached accept each other's hashes at once (PW-09)."""
    behind, ahead = (BcryptHasher(PepperSecret(Secret(stack.names["PepperSecret"])), cost=10) for _ in range(2))
    old = behind.hash("seven green umbrellas")
    rotations.pepper(stack)
    new = ahead.hash("seven green umbrellas")

    assert (old.split(":")[1], new.split(":")[1]) == ("9", "10")
    for hasher in (behind, ahead):
        assert [hasher.verify("seven green umbrellas", stored).matches for stored in (old, new)] == [True, True]
    assert behind.verify("seven green umbrellas", old).outdated


@pytest.mark.parametrize("text", ["{}", '{"current": "3", "1": "x"}', '{"current": "current"}'])
def test_malformed_peppers_are_not_changed(stack: Place, text: str) -> None:
    """The operator must look at them first."""
    stack.client("secretsmanager").put_secret_value(SecretId=stack.names["PepperSecret"], SecretString=text)
    with pytest.raises(CannotDo, match="mend it first"):
        rotations.pepper(stack)

    assert text_of(stack, "PepperSecret") == text


def test_a_pepper_that_is_added_after_the_read_is_not_lost(stack: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The write depends on the version that was read, not on the current one."""
    read = Vault.read

    def overtaken(vault: Vault) -> tuple[str, str]:
        found = read(vault)
        monkeypatch.setattr(Vault, "read", read)
        rotations.pepper(stack)
        return found

    monkeypatch.setattr(Vault, "read", overtaken)
    with pytest.raises(CannotDo, match="this secret was changed concurrently"):
        rotations.pepper(stack)
    assert peppers(stack)["current"] == "10"


def test_two_concurrent_rotations_keep_each_others_pepper(stack: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its pepper, a password that was hashed in between would be wrong forever."""
    prepare = Vault.prepare

    def rotate_first(vault: Vault, text: str) -> str:
        monkeypatch.setattr(Vault, "prepare", prepare)
        rotations.pepper(stack)
        return prepare(vault, text)

    monkeypatch.setattr(Vault, "prepare", rotate_first)
    with pytest.raises(CannotDo, match="this secret was changed concurrently"):
        rotations.pepper(stack)
    kept = peppers(stack)
    rotations.pepper(stack)

    assert kept["current"] == "10"
    assert peppers(stack)["10"] == kept["10"]


@dataclass
class Service:
    """A function and its clock; ``accepts`` says whether it accepts a secret."""

    accepts: Callable[[str], bool]
    clock: list[float]


@pytest.fixture
def service(stack: Place) -> Service:
    """The function has cached the secret."""
    clock = [1000.0]
    found = Service(AdminSecret(stack.names["AdminSecret"], clock=lambda: clock[0]), clock)
    assert found.accepts("a" * 48)
    return found


def test_the_admin_secret_is_rotated_without_refusing_a_service(stack: Place, service: Service) -> None:
    """At every step, any secret that a service may hold works; at the end, only the new one does."""
    seen: list[bool] = []

    def pause(seconds: float) -> None:
        service.clock[0] += seconds
        seen.append(service.accepts("a" * 48))

    rotations.admin_secret(stack, pause=pause)
    new = text_of(stack, "AdminSecret")
    seen += [service.accepts(new), service.accepts("a" * 48)]
    rotations.finish_admin_secret(stack)
    service.clock[0] += KEPT_SECONDS

    assert seen == [True] * 4
    assert (service.accepts("a" * 48), service.accepts(new), len(new)) == (False, True, 64)


def test_a_function_that_reads_during_the_rotation_refuses_neither_secret(stack: Place) -> None:
    """Between the label and the new version, or right after it, whatever is cached: that is what the pauses are for."""
    clock = [1000.0]
    functions: list[AdminSecret] = []

    def pause(seconds: float) -> None:
        for age in (0.0, seconds / 2):
            clock[0] += age
            functions.append(AdminSecret(stack.names["AdminSecret"], clock=lambda: clock[0]))
            assert functions[-1]("a" * 48)
        clock[0] += seconds / 2

    rotations.admin_secret(stack, pause=pause)
    new = text_of(stack, "AdminSecret")

    assert [function(text) for function in functions for text in (new, "a" * 48)] == [True] * 8


def test_a_second_rotation_waits_for_the_first(stack: Place) -> None:
    """Otherwise services with the oldest secret would be refused."""
    rotations.admin_secret(stack, pause=lambda _: None)
    before = text_of(stack, "AdminSecret")
    with pytest.raises(CannotDo, match="run --finish first"):
        rotations.admin_secret(stack, pause=lambda _: None)
    assert text_of(stack, "AdminSecret") == before

    rotations.finish_admin_secret(stack)
    with pytest.raises(CannotDo, match="no rotation is under way"):
        rotations.finish_admin_secret(stack)
    rotations.admin_secret(stack, pause=lambda _: None)
    assert text_of(stack, "AdminSecret") != before


def test_an_interrupted_rotation_can_be_repeated(stack: Place, service: Service) -> None:
    """The label is already on the current version."""

    def stopped(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotations.admin_secret(stack, pause=stopped)
    assert text_of(stack, "AdminSecret") == "a" * 48
    rotations.admin_secret(stack, pause=lambda _: None)
    service.clock[0] += 5

    assert [service.accepts(text) for text in (text_of(stack, "AdminSecret"), "a" * 48)] == [True, True]


@pytest.mark.parametrize("under_way", [False, True])
def test_a_leaked_admin_secret_ends_with_all_others(stack: Place, service: Service, *, under_way: bool) -> None:
    """Including an outgoing one."""
    if under_way:
        rotations.admin_secret(stack, pause=lambda _: None)
    leaked = text_of(stack, "AdminSecret")
    rotations.replace_admin_secret(stack)
    service.clock[0] += KEPT_SECONDS

    assert [service.accepts(text) for text in ("a" * 48, leaked, text_of(stack, "AdminSecret"))] == [False, False, True]


def test_a_client_secret_is_replaced_and_the_rest_is_kept(stack: Place) -> None:
    """The other provider, and the client id."""
    said = rotations.provider(stack, "google", "g-new")

    assert json.loads(text_of(stack, "OAuthProvidersSecret")) == {
        "google": {"client_id": "g-id", "client_secret": "g-new"},
        "github": {"client_id": "", "client_secret": ""},
    }
    assert "g-new" not in said


def test_a_provider_is_set_up_with_its_client_id(stack: Place) -> None:
    """An id that was not given, and an empty secret, change nothing."""
    for given in (("github", "h-new"), ("google", ""), ("gitlab", "x", "y")):
        with pytest.raises(CannotDo):
            rotations.provider(stack, *given)
    assert text_of(stack, "OAuthProvidersSecret") == SECRETS["OAuthProvidersSecret"]
    rotations.provider(stack, "github", "h-new", "h-id")

    assert json.loads(text_of(stack, "OAuthProvidersSecret"))["github"] == {
        "client_id": "h-id",
        "client_secret": "h-new",
    }


@dataclass
class Aws:
    """Lambda, KMS and CloudFormation, as far as the signing keys need them. ``did`` records the changes, in order."""

    sign_with: str = "A"
    states: dict[str, str] = field(default_factory=lambda: {"key-a": "Enabled", "key-b": "Enabled"})
    did: list[Any] = field(default_factory=list)
    snap_start: str = "off"

    def __call__(self, _service: str) -> "Aws":
        return self

    def get_function_configuration(self, **asked: str) -> dict[str, Any]:
        assert asked == {"FunctionName": "the-token-function"}
        variables = {"SIGN_WITH": self.sign_with, "SIGNING_KEY_A": "key-a", "SIGNING_KEY_B": "key-b"}
        return {"Environment": {"Variables": variables}}

    def describe_key(self, **asked: str) -> dict[str, Any]:
        return {"KeyMetadata": {"KeyState": self.states[asked["KeyId"]]}}

    def disable_key(self, **asked: str) -> None:
        self.did.append(("disabled", asked["KeyId"]))

    def describe_stacks(self, **_asked: str) -> dict[str, Any]:
        given = {"Stage": "prod", "SignWith": self.sign_with, "SnapStart": self.snap_start}
        return {"Stacks": [{"Parameters": [{"ParameterKey": key, "ParameterValue": it} for key, it in given.items()]}]}

    def update_stack(self, **asked: Any) -> None:
        self.did.append(asked)

    def get_waiter(self, name: str) -> "Aws":
        """Only one is needed."""
        assert name == "stack_update_complete"
        return self

    def wait(self, **asked: Any) -> None:
        self.did.append(("waited", asked["StackName"]))


def keys_of(aws: Aws) -> Place:
    found = Place(aws, "our-stack", "the stack our-stack")
    found.__dict__["names"] = {"ClientTokenFunction": "the-token-function"}
    return found


@pytest.mark.parametrize(("now", "other"), [("A", "B"), ("B", "A")])
def test_the_other_key_signs_and_nothing_else_changes(now: str, other: str) -> None:
    """It is set in the stack's own parameter, so that the next deployment keeps it."""
    aws = Aws(sign_with=now)
    said = rotations.signing_key(keys_of(aws))

    assert aws.did == [
        {
            "StackName": "our-stack",
            "UsePreviousTemplate": True,
            "Parameters": [
                {"ParameterKey": "Stage", "UsePreviousValue": True},
                {"ParameterKey": "SnapStart", "UsePreviousValue": True},
                {"ParameterKey": "SignWith", "ParameterValue": other},
            ],
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        },
        ("waited", "our-stack"),
    ]
    assert said.startswith(f"Key {other} signs access tokens from now on. Those of key {now} are good until")


def test_a_key_is_withdrawn_once_the_other_signs() -> None:
    """Not before, or no login would work."""
    aws = Aws()
    rotations.signing_key(keys_of(aws), withdraw=True)

    assert aws.did[1:] == [("waited", "our-stack"), ("disabled", "key-a")]


@pytest.mark.parametrize("state", ["Disabled", "PendingDeletion"])
def test_a_key_that_cannot_sign_is_not_used(state: str) -> None:
    """The stack is not changed."""
    aws = Aws(states={"key-a": "Enabled", "key-b": state})
    with pytest.raises(CannotDo, match=f"key B is {state}"):
        rotations.signing_key(keys_of(aws))

    assert aws.did == []


def test_with_snapshots_the_key_is_changed_by_a_deployment() -> None:
    """Published versions keep their settings: withdrawing the key would stop all logins."""
    aws = Aws(snap_start="on")
    with pytest.raises(CannotDo, match="SignWith=B in the profile"):
        rotations.signing_key(keys_of(aws), withdraw=True)

    assert aws.did == []


def test_the_command_reads_a_client_secret_and_prints_none(
    stack: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From standard input."""
    monkeypatch.setattr("sys.stdin", Input(" g-new\n", person=False))
    assert command.main(["rotate", "google"]) == 0
    assert command.main(["rotate", "pepper"]) == 0

    said = capsys.readouterr()
    assert json.loads(text_of(stack, "OAuthProvidersSecret"))["google"]["client_secret"] == "g-new"
    assert [secret for secret in ("g-new", "g-old", peppers(stack)["10"], "n" * 64) if secret in said.out] == []
    assert said.err == (
        "On the stack our-stack\n"
        "Paste the new client secret from Google: reading one line from standard input\n"
        "On the stack our-stack\n"
    )


@pytest.mark.parametrize(
    "words", [("admin-secret", "--at-once"), ("admin-secret", "--finish"), ("signing-key", "--withdraw")]
)
def test_irreversible_rotations_are_confirmed(
    stack: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    """Without a terminal, nothing is done."""
    monkeypatch.setattr("sys.stdin", Input("", person=False))

    assert command.main(["rotate", *words]) == 1
    assert capsys.readouterr().err.endswith("This cannot be undone; without a terminal, confirm with --yes\n")
    assert text_of(stack, "AdminSecret") == "a" * 48


def test_the_command_completes_a_rotation_of_the_admin_secret(
    stack: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without printing it."""
    monkeypatch.setattr(rotations, "LOOKED_FOR_SECONDS", 0)
    for words in ([], ["--finish", "--yes"], ["--at-once", "--yes"]):
        assert command.main(["rotate", "admin-secret", *words]) == 0
        assert text_of(stack, "AdminSecret") not in capsys.readouterr().out
