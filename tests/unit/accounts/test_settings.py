"""What a deployment configures: an unsafe configuration never serves."""

import pytest

from accounts import settings
from accounts.errors import ConfigurationError
from accounts.settings import Settings

_GOOD = {
    "STAGE": "prod",
    "SITE_URL": "https://accounts.example.com",
    "EMPTY": "",
    "USERS_TABLE": "users",
    "SECOND_FACTOR": "optional",
    "CONFIRM_NEW_BROWSERS": "off",
    "BREACHED_PASSWORD_LOOKUP": "on",
}


def refusal_of(**environ: str) -> str:
    """The sentence that the operator reads in the log of a failed start."""
    with pytest.raises(ConfigurationError) as refusal:
        settings.load(environ)
    return refusal.value.message


def test_a_valid_configuration_is_loaded() -> None:
    """Stage, origin, and the environment for the rest."""
    assert settings.load(_GOOD) == Settings("prod", "https://accounts.example.com", _GOOD)


@pytest.mark.parametrize("stage", ["local", "dev", "prod"])
@pytest.mark.parametrize(
    "url",
    [
        "https://accounts.example.com",
        "https://accounts.example.com:8443",
        "https://xn--bcher-kva.example",
        "http://127.0.0.1:8000",
        "http://localhost:8000",
        "http://localhost",
        "http://[::1]:8000",
    ],
)
def test_an_origin_as_browsers_write_it_is_accepted(stage: str, url: str) -> None:
    """HTTPS anywhere; plain HTTP on this machine only."""
    assert settings.load({"STAGE": stage, "SITE_URL": url}).site_url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "accounts.example.com",
        "//accounts.example.com",
        "http://accounts.example.com",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://127.0.0.1@evil.example",
        "http://0.0.0.0:8000",
        "https://",
        "https://*",
        "https://*.example.com",
        "https://accounts.example.com/",
        "https://accounts.example.com/path",
        "https://accounts.example.com?x",
        "https://accounts.example.com#x",
        "https://user@accounts.example.com",
        "https://accounts.example.com ",
        "https://accounts.example.com\n",
        "https://accounts example.com",
        "https://a.example.com,https://b.example.com",
        "https://Accounts.example.com",
        "HTTPS://accounts.example.com",
        "https://bücher.example",
        "https://accounts.example.com.",
        "https://accounts.example.com:443",
        "https://accounts.example.com:0",
        "https://accounts.example.com:",
        "https://accounts.example.com:port",
        "http://127.0.0.1:80",
        "https://[::1",
        "null",
        "javascript:alert(1)",
    ],
)
def test_any_other_site_is_refused_at_start(url: str) -> None:
    """A value that browsers never send as Origin would refuse every request, or accept a wrong one."""
    assert refusal_of(STAGE="prod", SITE_URL=url) == (
        "SITE_URL must be an https origin such as https://accounts.example.com (http only on loopback): "
        "lower case, no path, no default port."
    )


@pytest.mark.parametrize("stage", ["", "production", "PROD", "test"])
def test_an_unknown_stage_is_refused(stage: str) -> None:
    """There are three stages."""
    assert refusal_of(STAGE=stage, SITE_URL=_GOOD["SITE_URL"]) == "STAGE must be one of local, dev, prod."


def test_an_empty_configuration_is_refused() -> None:
    """A function without its environment does not start."""
    assert refusal_of() == "STAGE must be one of local, dev, prod."


@pytest.mark.parametrize("name", ["EMPTY", "MISSING"])
def test_a_required_setting_must_not_be_missing_or_empty(name: str) -> None:
    """Nothing falls back silently."""
    with pytest.raises(ConfigurationError) as refusal:
        settings.load(_GOOD)[name]

    assert refusal.value.message == f"The environment variable {name} is missing."


@pytest.mark.parametrize("value", ["14", "65", "", "fifteen", "15 ", "+15", "1_5", "\u0661\u0665"])
def test_an_unsafe_password_length_is_refused(value: str) -> None:
    """Below 15 no list of common passwords helps (PW-01), above 64 people could not comply; it must be a number."""
    with pytest.raises(ConfigurationError):
        _ = settings.load(_GOOD | {"PASSWORD_MIN_CHARACTERS": value}).password_min_characters


def test_a_password_length_within_the_limits_is_accepted() -> None:
    """Both ends included."""
    loaded = [settings.load(_GOOD | {"PASSWORD_MIN_CHARACTERS": value}) for value in ("15", "64")]

    assert [it.password_min_characters for it in loaded] == [15, 64]


def test_a_second_factor_that_is_required_allows_shorter_passwords() -> None:
    """Down to 8, both ends included (NIST SP 800-63B-4 3.1.1.2)."""
    required = _GOOD | {"SECOND_FACTOR": "required"}
    loaded = [settings.load(required | {"PASSWORD_MIN_CHARACTERS": value}) for value in ("8", "64")]

    assert [it.password_min_characters for it in loaded] == [8, 64]


@pytest.mark.parametrize(
    "chosen",
    [
        {"SECOND_FACTOR": "required", "PASSWORD_MIN_CHARACTERS": "7"},
        {"SECOND_FACTOR": "required", "BREACHED_PASSWORD_LOOKUP": "off", "PASSWORD_MIN_CHARACTERS": "14"},
        {"SECOND_FACTOR": "optional", "PASSWORD_MIN_CHARACTERS": "14"},
        {"SECOND_FACTOR": "off", "PASSWORD_MIN_CHARACTERS": "14"},
    ],
)
def test_short_passwords_need_both(chosen: dict[str, str]) -> None:
    """A second factor that is required, and the lookup: the bundled list has none that are shorter than 15."""
    with pytest.raises(ConfigurationError):
        _ = settings.load(_GOOD | chosen).password_min_characters


@pytest.mark.parametrize("value", ["optional", "required", "off"])
def test_the_second_factor_has_three_settings(value: str) -> None:
    assert settings.load(_GOOD | {"SECOND_FACTOR": value}).second_factor == value


@pytest.mark.parametrize("value", ["", "on", "Required"])
def test_another_setting_of_the_second_factor_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError):
        _ = settings.load(_GOOD | {"SECOND_FACTOR": value}).second_factor


def test_settings_are_read_by_name() -> None:
    """Required ones and optional ones."""
    loaded = settings.load(_GOOD)

    assert (loaded["USERS_TABLE"], loaded.optional("USERS_TABLE"), loaded.optional("MISSING")) == ("users", "users", "")
