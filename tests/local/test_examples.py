"""The example of a headless script, against the deployed local cloud."""

import subprocess
import sys

import pytest

from examples import headless
from local.cloud import LocalCloud
from tests.cloudformation import ROOT
from tests.local.person import Person


def run(site: str, key: str) -> tuple[int, str, str]:
    """The script's exit code, and what it says."""
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "headless.py", site],
        env={"COMFY_API_KEY": key},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def ann(cloud: LocalCloud) -> Person:
    """A person with a confirmed account, signed in."""
    return Person(cloud).join()


def test_a_headless_script_signs_in_with_a_key(ann: Person) -> None:
    """The key comes from the environment; a deleted one is refused in plain words."""
    key = ann.make_key("render box")
    logged_in = run(ann.cloud.site_url, key["plaintext_key"] + "\n")  # as a file has it
    assert ann.call("DELETE", f"/customers/api-keys/{key['id']}").status_code == 204
    code, said, complained = run(ann.cloud.site_url, key["plaintext_key"])

    assert logged_in == (0, f"Logged in as {ann.email}\n", "")
    assert (code, said) == (1, "")
    assert complained.startswith("api_key_unknown: ")


def test_a_headless_script_without_a_key_says_what_to_do() -> None:
    """Nothing is sent."""
    code, said, complained = run("http://127.0.0.1:9", "")

    assert (code, said) == (2, "")
    assert complained.endswith("error: no API key: set COMFY_API_KEY, or log in by a code with --device\n")


def test_a_headless_script_signs_in_with_a_code(ann: Person) -> None:
    """Its owner types the code while it waits and allows it; the token is for the owner's account."""
    told: list[str] = []

    def person_answers(_seconds: float) -> None:
        typed = {"user_code": told[0].rpartition(" ")[2]}
        asked = ann.call("POST", "/oauth/device/request", typed)
        assert asked.json()["client"]["name"] == "Comfy CLI"
        answered = ann.call("POST", "/oauth/device", typed | {"decision": "allow"})
        assert answered.status_code == 204, answered.text

    site = ann.cloud.site_url
    tokens = headless.with_device(site, told.append, person_answers)

    assert told[0].startswith(f"Open {site}/device on any device and enter ")
    assert headless.account(site, {"Authorization": f"Bearer {tokens['access_token']}"})["email"] == ann.email


def test_a_headless_script_reports_an_unreachable_service() -> None:
    """Which is not the key's fault."""
    code, said, complained = run("http://127.0.0.1:9", "comfyui-whatever")

    assert (code, said) == (1, "")
    assert complained.startswith("The service cannot be reached: ")
