"""A profile of samconfig.toml: read, completed by questions, and written without changing another."""

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
    """A copy of the file as it is in the repository."""
    copy = tmp_path / "samconfig.toml"
    copy.write_bytes((ROOT / "samconfig.toml").read_bytes())
    return copy


def test_only_required_values_are_asked(path: Path) -> None:
    """The address of the site follows from its domain, or is assigned by AWS."""
    assert samconfig.read(path, "prod").open_questions == list(ANSWERS)
    assert samconfig.read(path, "dev").open_questions == ["MailFrom", "SupportUrl"]


def test_answers_are_written_into_their_own_profile(path: Path) -> None:
    """And are read from there; the other profile still asks."""
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
def test_an_answer_is_only_a_value(path: Path, answer: str) -> None:
    """It cannot add another parameter or another line of the file."""
    before = samconfig.read(path, "prod")
    filled = before.filled_in({"MailFrom": answer})

    assert samconfig.read(path, "prod") == filled
    assert filled.overrides == {**before.overrides, "MailFrom": answer}


def test_comments_and_order_are_kept(path: Path) -> None:
    """Those that people wrote beside the answers."""
    text = path.read_text(encoding="utf-8").replace(
        "MonthlyBudget = 100", 'MonthlyBudget = 100  # as agreed\nSiteName = "A b"'
    )
    path.write_text(text, encoding="utf-8")
    filled = samconfig.read(path, "prod").filled_in({"AlarmEmail": "alarms@example.com"})

    assert path.read_text(encoding="utf-8") == text.replace("alarms@EXAMPLE.ORG", "alarms@example.com")
    assert filled.overrides["SiteName"] == "A b"


def test_an_unknown_profile_is_refused_with_a_list_of_the_existing_ones(path: Path) -> None:
    """A typo must not deploy something else."""
    with pytest.raises(NoSuchProfile, match="no profile called production; it has local, dev, prod"):
        samconfig.read(path, "production")


def test_the_profiles_have_only_existing_parameters_and_allowed_values() -> None:
    """Except those that they leave open."""
    declared = template()["Parameters"]
    for name in ("dev", "prod"):
        overrides = samconfig.read(ROOT / "samconfig.toml", name).overrides
        assert set(overrides) - set(declared) == set()
        required = {key for key, parameter in declared.items() if "Default" not in parameter}
        assert required - set(overrides) == set()


def test_dev_and_prod_differ_in_their_parameters_and_names_only() -> None:
    """What was tried in one is deployed in the other."""
    found = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    rest = [
        {name: value for name, value in found[profile]["deploy"]["parameters"].items() if name not in own}
        for own in [{"parameter_overrides", "tags"}]
        for profile in ("dev", "prod")
    ]
    assert rest[0] == rest[1]
    assert set(found["dev"]) == set(found["prod"]) == {"global", "deploy"}
