"""Unmodified clients, installed in an environment of their own, and a local cloud at an https address."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from local.cloud import LocalCloud
from tests import quick_bcrypt
from tests.clients import mcp_service
from tests.clients.https_front import HttpsFront
from tests.clients.internet import Internet
from tests.cloudformation import ROOT
from tests.conftest import missing
from tests.local.person import Person

_ENVIRONMENT = ROOT / ".venv-clients"


@dataclass(frozen=True)
class Clients:
    """The environment of the clients."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def comfy(self) -> Path:
        return self.folder / "bin" / "comfy"

    @property
    def frontend(self) -> Path:
        """The files of ComfyUI's frontend."""
        (found,) = self.folder.glob("lib/python*/site-packages/comfyui_frontend_package/static")
        return found


@pytest.fixture(scope="session")
def clients() -> Clients:
    if not (_ENVIRONMENT / ".installed").exists():
        missing("the clients are not installed (make .venv-clients/.installed)")
    return Clients(_ENVIRONMENT)


@pytest.fixture(scope="session")
def internet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Internet]:
    with Internet(tmp_path_factory.mktemp("internet")) as running:
        yield running


@pytest.fixture(scope="session")
def service_front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpsFront]:
    """The address of another service. It forwards nothing before that is deployed."""
    with HttpsFront("127.0.0.1:9", tmp_path_factory.mktemp("service")) as https:
        yield https


@pytest.fixture(scope="session")
def front(
    clients: Clients, internet: Internet, service_front: HttpsFront, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[HttpsFront, LocalCloud]]:
    """The local cloud, whose site is the address of the front."""
    assert clients.comfy.exists()
    cloud = LocalCloud(
        mailbox_url="http://127.0.0.1:9",
        parameters={"OAuthResources": mcp_service.configured(f"{service_front.url}/mcp")},
        hosts=internet.hosts,
        prelude=quick_bcrypt.FILE,
    )
    with HttpsFront(cloud.site_url.partition("://")[2], tmp_path_factory.mktemp("tls")) as https:
        cloud.site_url = https.url
        with cloud:
            yield https, cloud


@pytest.fixture(scope="session")
def cloud(front: tuple[HttpsFront, LocalCloud]) -> LocalCloud:
    return front[1]


@pytest.fixture(scope="session")
def certificate(front: tuple[HttpsFront, LocalCloud]) -> Path:
    return front[0].certificate


@pytest.fixture
def ann(cloud: LocalCloud, certificate: Path) -> Person:
    """The owner of a new account, logged in."""
    browser = requests.Session()
    browser.trust_env, browser.verify = False, str(certificate)
    return Person(cloud, http=browser).join()


COMFY_CLI = {"id": "comfy-cli", "name": "Comfy CLI", "document": None}


def allow(owner: Person, url: str, client: dict[str, Any] | None = None) -> str:
    """Allow the login that begins at `url`, of comfy-cli or another client, as the consent page does.

    Return where the browser goes.
    """
    asked = dict(parse_qsl(urlsplit(url).query))
    shown = owner.call("GET", f"/oauth/authorize/request?{urlsplit(url).query}").json()
    fingerprint = (shown["client"]["document"] or {}).pop("fingerprint", "")
    assert shown["client"] == (client or COMFY_CLI)
    seen = {"account": shown["account"]["id"], "fingerprint": fingerprint}
    decided = owner.call("POST", "/oauth/authorize", asked | seen | {"decision": "allow"})
    assert decided.status_code == 200, decided.text
    redirect: str = decided.json()["redirect_to"]
    return redirect


def programs(owner: Person) -> list[str]:
    """The names of the programs that are logged in."""
    listed = owner.call("GET", "/auth/sessions").json()["sessions"]
    return [entry["client"]["name"] for entry in listed if entry["client"]]
