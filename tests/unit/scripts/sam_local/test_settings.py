"""The variables of a container lead to this machine by names that the service accepts."""

import json
from pathlib import Path

from accounts.model.origins import parse
from local import gate
from scripts.sam_local import settings

HERE = {
    "STAGE": "local",
    "AWS_ENDPOINT_URL": "http://localhost:8000",
    "GOOGLE_ENDPOINT": "http://127.0.0.1:9002",
    "GITHUB_ENDPOINT": "http://127.0.0.1:9001",
    "MAILBOX_URL": "http://127.0.0.1:8001",
}


def test_a_container_reaches_the_emulated_aws_and_the_stand_ins() -> None:
    """Browsers use the rest, such as the mailbox."""
    there = settings.in_container(HERE)

    assert there == HERE | {
        "AWS_ENDPOINT_URL": "http://host.docker.internal:8000",
        "GOOGLE_ENDPOINT": "http://google.localhost:9002",
        "GITHUB_ENDPOINT": "http://github.localhost:9001",
    }
    assert settings.hosts(there) == {"host.docker.internal": 8000, "google.localhost": 9002, "github.localhost": 9001}


def test_a_real_provider_is_not_on_this_machine() -> None:
    there = settings.in_container(HERE | {"GOOGLE_ENDPOINT": "", "GITHUB_ENDPOINT": ""})
    assert (there["GOOGLE_ENDPOINT"], settings.hosts(there)) == ("", {"host.docker.internal": 8000})


def test_the_names_are_accepted() -> None:
    """By the gate of `make dev`, and by the service, whose stand-ins must be on loopback."""
    assert settings.AWS_HOST in gate._AWS_HOSTS
    for name in ("GOOGLE_ENDPOINT", "GITHUB_ENDPOINT"):
        origin = parse(settings.in_container(HERE)[name])
        assert origin is not None
        assert origin.is_loopback


def test_the_file_applies_to_every_function(tmp_path: Path) -> None:
    settings.write(HERE, tmp_path / "new" / "invoke.json")
    assert json.loads((tmp_path / "new" / "invoke.json").read_text()) == {"Parameters": HERE}
