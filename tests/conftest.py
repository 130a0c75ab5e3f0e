"""What several folders of tests share: the deployed local cloud, started once for all that talk to it."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from local.cloud import LocalCloud

# Powertools reads it as it is imported, which may be before a folder of tests sets the functions' environment.
os.environ["POWERTOOLS_SERVICE_NAME"] = "accounts"
# Both talk to the deployed local cloud.
_DEPLOYED = frozenset({"browser", "local"})


class ByFolder(LoadScopeScheduling):
    """Folders side by side, each in one process: what a folder sets up, it sets up once."""

    def _split_scope(self, nodeid: str) -> str:
        folder = nodeid.split("/")[1]
        return "deployed" if folder in _DEPLOYED else folder


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFolder:
    """Have `make test` run the suite so."""
    return ByFolder(config, log)


def missing(what: str) -> None:
    """Skip by name and reason on a person's machine; in CI, where everything is installed, fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must have it: {what}")
    pytest.skip(what)


@pytest.fixture(scope="session")
def cloud() -> Iterator["LocalCloud"]:
    """The template, deployed into an emulated AWS on this machine, with stand-ins for Google and GitHub."""
    from local.cloud import LocalCloud  # noqa: PLC0415 - costs a second, and most tests do without

    with LocalCloud(mailbox_url="http://127.0.0.1:9") as running:
        yield running
