"""Where operators' commands act, as the environment says, and errors in it."""

import pytest

from scripts import place
from scripts.place import CannotDo


def find(monkeypatch: pytest.MonkeyPatch, **environment: str) -> place.Place:
    """The place that this environment names."""
    monkeypatch.setattr(place, "account_of", lambda _session: "123456789012")
    for name in ("STACK", "PORT", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return place.find()


def test_a_stack_is_looked_up_in_the_shells_region(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the AWS account of the shell's credentials."""
    found = find(monkeypatch, STACK="comfy-accounts", AWS_DEFAULT_REGION="eu-central-1")

    title = "the stack comfy-accounts of AWS account 123456789012 in eu-central-1"
    assert (found.stack, found.title, found.aws) == ("comfy-accounts", title, "aws --region eu-central-1")


def test_a_stack_in_an_emulated_aws_is_called_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Practice must not look like production, and the commands that it prints must not reach production."""
    endpoint = "http://localhost:8000"
    found = find(monkeypatch, STACK="comfy-accounts", AWS_DEFAULT_REGION="us-east-1", AWS_ENDPOINT_URL=endpoint)

    assert found.title == "the stack comfy-accounts in the emulated AWS at http://localhost:8000"
    assert found.aws == "aws --region us-east-1 --endpoint-url http://localhost:8000"


def test_a_stack_without_a_region_is_not_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several regions may have a stack of that name."""
    with pytest.raises(CannotDo, match="which region is comfy-accounts in"):
        find(monkeypatch, STACK="comfy-accounts")


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1", "80 80", "\u0663"])
def test_an_invalid_port_is_named(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    """And is not an error of the command."""
    with pytest.raises(CannotDo, match=f"PORT={port} is not a port: choose a number from 1 to 65535"):
        find(monkeypatch, PORT=port)
