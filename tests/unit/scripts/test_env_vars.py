"""The environment that SAM CLI passes to its containers, so that they find the emulated AWS of this machine."""

import pytest

from scripts import env_vars
from scripts.env_vars import CannotInvoke


@pytest.mark.parametrize(
    ("platform", "at", "arguments"),
    [
        ("linux", "http://localhost:8000", ["--docker-network", "host"]),
        ("darwin", "http://host.docker.internal:8000", []),
    ],
)
def test_a_container_finds_this_machine(platform: str, at: str, arguments: list[str]) -> None:
    """On Linux by sharing its network; elsewhere Docker has a name for it."""
    assert (env_vars.endpoint(8000, platform), env_vars.arguments(platform)) == (at, arguments)


def test_a_function_without_a_sample_is_refused_with_a_list_of_those_that_have_one() -> None:
    """Before anything is built or started."""
    with pytest.raises(CannotInvoke, match=r"there is no events/log_in\.json\. Functions: .* login "):
        env_vars.demand_samples(["log_in"])
    env_vars.demand_samples(["login"])
