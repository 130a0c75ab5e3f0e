"""What a login proved, and how strong that is."""

from typing import Any, get_args

import pytest

from accounts.model import assurance
from accounts.model.assurance import MULTI_FACTOR, ONE_FACTOR
from accounts.model.sessions import Method, SecondFactor
from tests.unit.accounts.stage import NOW, later, sample_session

METHODS = [word for part in get_args(Method) for word in (get_args(part) or (part,))]


@pytest.mark.parametrize(
    ("proven", "amr", "acr"),
    [
        ({"method": "password"}, ("pwd",), ONE_FACTOR),
        ({"method": "google"}, ("fed",), ONE_FACTOR),
        ({"method": "github"}, ("fed",), ONE_FACTOR),
        ({"method": "passkey"}, ("pop", "user", "mfa"), MULTI_FACTOR),
        ({"method": "password", "second_factor": "totp"}, ("pwd", "otp", "mfa"), MULTI_FACTOR),
        ({"method": "github", "second_factor": "totp"}, ("fed", "otp", "mfa"), MULTI_FACTOR),
        ({"method": "password", "second_factor": "recovery_code"}, ("pwd", "mfa"), MULTI_FACTOR),
    ],
)
def test_a_login_is_named_by_what_it_proved(proven: dict[str, Any], amr: tuple[str, ...], acr: str) -> None:
    session = sample_session(**proven)
    assert (assurance.amr(session), assurance.acr(session)) == (amr, acr)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("second_factor", get_args(SecondFactor))
def test_every_method_has_a_name_and_every_second_factor_makes_two(method: Method, second_factor: SecondFactor) -> None:
    session = sample_session(method=method, second_factor=second_factor)
    assert assurance.amr(session)
    assert assurance.acr(session) == (MULTI_FACTOR if second_factor or method == "passkey" else ONE_FACTOR)


def test_a_program_says_when_its_owner_logged_in_and_not_when_it_did() -> None:
    program = sample_session(client_id="comfy-cli", authenticated_at=later(minutes=9), proven_at=NOW)
    said = {"auth_time": int(NOW.timestamp()), "acr": ONE_FACTOR, "amr": ["pwd"]}
    assert assurance.claims(program) == assurance.claims(sample_session(authenticated_at=NOW)) == said


def test_a_program_of_an_older_version_does_not_say_when_its_owner_logged_in() -> None:
    """That was up to 15 minutes before the program's own login. A service then asks for a new one."""
    assert assurance.claims(sample_session(client_id="comfy-cli")) == {"acr": ONE_FACTOR, "amr": ["pwd"]}
