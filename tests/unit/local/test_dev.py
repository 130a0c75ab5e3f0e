"""The ports of `make dev`."""

import socket
from collections.abc import Callable

import pytest

from local import dev
from local.processes import port_is_taken


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of this shell do not count."""
    for setting in ("PORT", "MAILBOX_PORT", "AWS_PORT"):
        monkeypatch.delenv(setting, raising=False)


@pytest.mark.parametrize(
    ("setting", "beside"), [("PORT", 0), ("MAILBOX_PORT", 1), ("AWS_PORT", 2)], ids=["site", "mailbox", "AWS"]
)
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_port_that_is_in_use_is_named_with_its_setting(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], address: str, setting: str, beside: int
) -> None:
    """Before anything starts. `localhost` is both addresses, so each must be free."""
    try:
        other = socket.create_server((address, 0), family=socket.AF_INET6 if ":" in address else socket.AF_INET)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with other:
        taken = other.getsockname()[1]
        monkeypatch.setenv("PORT", str(taken - beside))
        monkeypatch.setattr(dev, "port_is_taken", _only(taken, port_is_taken))
        code = dev.run([])

    said = capsys.readouterr()
    assert (code, said.out) == (1, "")
    assert f"port {taken} is in use" in said.err
    assert f"{setting}={taken + 10} make dev" in said.err


def _only(port: int, ask: Callable[[int], bool]) -> Callable[[int], bool]:
    """Another program may use one of the other ports."""
    return lambda asked: asked == port and ask(asked)


@pytest.mark.parametrize("setting", ["MAILBOX_PORT", "AWS_PORT"])
def test_two_settings_cannot_name_one_port(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], setting: str
) -> None:
    """Otherwise the second server would fail while starting."""
    monkeypatch.setenv("PORT", "8500")
    monkeypatch.setenv(setting, "8500")

    assert dev.run([]) == 1
    assert f"{setting}=8500" in capsys.readouterr().err
