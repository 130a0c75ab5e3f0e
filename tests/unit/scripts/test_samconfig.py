"""A profile of samconfig.toml: read, questioned, and filled in without touching another."""

import tomllib
from pathlib import Path

import pytest

from scripts import samconfig
from scripts.samconfig import NoSuchProfile
from tests.cloudformation import ROOT, template

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d"
ANSWERS = {
    "SiteDomain": "accounts.example.com",
    "CertificateArn": CERTIFICATE,
    "MailFrom": "accounts@example.com",
    "SupportUrl": "https://example.com/help",
    "AlarmEmail": "alarms@example.com",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A copy of the file as it comes."""
    copy = tmp_path / "samconfig.toml"
    copy.write_bytes((ROOT / "samconfig.toml").read_bytes())
    return copy


def test_what_a_person_has_to_fill_in_is_asked_and_nothing_else(path: Path) -> None:
    """The address of the site follows from its domain, or is given by AWS."""
    assert samconfig.read(path, "prod").open_questions == list(ANSWERS)
    assert samconfig.read(path, "dev").open_questions == ["MailFrom", "SupportUrl"]


def test_answers_are_written_into_their_own_profile(path: Path) -> None:
    """And are what the file says from then on; the other profile still asks."""
    before = samconfig.read(path, "dev")
    filled = samconfig.read(path, "prod").filled_in(ANSWERS)

    assert filled.open_questions == []
    assert filled.overrides == {
        "Stage": "prod",
        "SiteUrl": "https://accounts.example.com",
        "MonthlyBudget": "100",
        **ANSWERS,
    }
    assert samconfig.read(path, "prod") == filled
    assert samconfig.read(path, "dev") == before


@pytest.mark.parametrize("answer", ['a"b', "a b", 'a\nStage = "dev"', "a\\", "a'b", "a,b", ""])
def test_an_answer_cannot_say_more_than_its_own_value(path: Path, answer: str) -> None:
    """It would be another parameter, or another line of the file."""
    before = samconfig.read(path, "prod")
    filled = before.filled_in({"MailFrom": answer})

    assert samconfig.read(path, "prod") == filled
    assert filled.overrides == {**before.overrides, "MailFrom": answer}


def test_what_people_wrote_beside_the_answers_stays(path: Path) -> None:
    """Their comments, and the order of things."""
    text = path.read_text(encoding="utf-8").replace(
        "MonthlyBudget = 100", 'MonthlyBudget = 100  # as agreed\nSiteName = "A b"'
    )
    path.write_text(text, encoding="utf-8")
    filled = samconfig.read(path, "prod").filled_in({"AlarmEmail": "alarms@example.com"})

    assert path.read_text(encoding="utf-8") == text.replace("alarms@EXAMPLE.ORG", "alarms@example.com")
    assert filled.overrides["SiteName"] == "A b"


def test_a_profile_that_is_not_there_is_refused_with_those_that_are(path: Path) -> None:
    """A slip of the keyboard must not deploy something else."""
    with pytest.raises(NoSuchProfile, match="no profile called production; it has local, dev, prod"):
        samconfig.read(path, "production")


def test_the_profiles_give_only_parameters_that_exist_and_values_that_may_be() -> None:
    """What they leave open aside."""
    declared = template()["Parameters"]
    for name in ("dev", "prod"):
        overrides = samconfig.read(ROOT / "samconfig.toml", name).overrides
        assert set(overrides) - set(declared) == set()
        required = {key for key, parameter in declared.items() if "Default" not in parameter}
        assert required - set(overrides) == set()


def test_dev_and_prod_differ_in_their_parameters_and_names_only() -> None:
    """What was tried in one is what is deployed in the other."""
    found = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    rest = [
        {name: value for name, value in found[profile]["deploy"]["parameters"].items() if name not in own}
        for own in [{"parameter_overrides", "tags"}]
        for profile in ("dev", "prod")
    ]
    assert rest[0] == rest[1]
    assert set(found["dev"]) == set(found["prod"]) == {"global", "deploy"}
