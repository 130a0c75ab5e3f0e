"""The page's estimate of a new password, run by Node: it never praises what the service refuses."""

import base64
import hashlib
import json
import shutil
import subprocess
import unicodedata
from collections.abc import Iterable, Sequence

import pytest

from accounts.errors import WeakPassword
from accounts.model import passwords
from accounts.model.passwords import Policy, check_acceptable
from accounts.web import assets
from tests.conftest import missing

_ASSETS = assets.FOLDER
_LIMITS = {"min": 15, "max": 256}
WEAK, FAIR, GOOD = 1, 2, 3
_PROGRAM = """
import { readFileSync } from "node:fs";
const { passwords, email, sources, limits, list } = JSON.parse(readFileSync(0, "utf8"));
const module = (source) => import(`data:text/javascript,${encodeURIComponent(source)}`);
const [{ decoded, score }, { LISTED }] = await Promise.all(sources.map(module));
const listed = { whole: () => decoded(LISTED), empty: () => new Set(), absent: () => null }[list]();
console.log(JSON.stringify(passwords.map((password) => score(password, email, limits, listed))));
"""


class Unleaked:
    """A breach list that is not available."""

    def contains(self, password: str) -> bool:  # noqa: ARG002 - the protocol's
        return False


def scores(typed: Sequence[str], email: str = "ann@example.com", listed: str = "whole") -> list[int]:
    """What the page says of each password, with its ``listed`` digests "whole", "empty" or "absent"."""
    node = shutil.which("node")
    if node is None:
        missing("Node.js is not installed (Debian: apt-get install nodejs)")
    sources = [(_ASSETS / name).read_text(encoding="utf-8") for name in ("password_score.js", "listed.js")]
    given = {"passwords": typed, "email": email, "sources": sources, "limits": _LIMITS, "list": listed}
    command = [node, "--input-type=module", "--eval", _PROGRAM]
    run = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=True)
    found: list[int] = json.loads(run.stdout)
    assert len(found) == len(typed)
    return found


def refused(typed: Iterable[str], email: str) -> list[str]:
    """Those that the service refuses, whatever the breach list says."""
    return [it for it in typed if _is_refused(it, email)]


def _is_refused(password: str, email: str) -> bool:
    try:
        check_acceptable(password, email=email, policy=Policy(_LIMITS["min"], Unleaked()))
    except WeakPassword:
        return True
    return False


@pytest.fixture(scope="module")
def common() -> list[str]:
    """The whole list."""
    lines = passwords.COMMON_PASSWORDS.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("# ")]


def test_no_common_password_is_praised(common: list[str]) -> None:
    """In no case and no Unicode form. After a change of the list: node scripts/listed_passwords.mjs."""
    spelled = [
        *common,
        *(it.upper() for it in common),
        *(it.capitalize() for it in common),
        *(unicodedata.normalize("NFD", it.replace(" ", "\u00a0")) for it in common if not it.isascii() or " " in it),
    ]
    assert len(common) == 20_000
    assert [it for it, reached in zip(spelled, scores(spelled), strict=True) if reached > FAIR] == []


def test_without_the_list_the_estimate_would_praise_many(common: list[str]) -> None:
    """And while it is not loaded, it praises nothing."""
    assert sum(reached > FAIR for reached in scores(common, listed="empty")) > 2900
    assert max(scores([*common, "violet harbour drums at midnight"], listed="absent")) == FAIR


@pytest.mark.parametrize(
    "email", ["ann@example.com", "ann.lee+x@mail.example.org", "straße@example.de", "olivia-brown77@example.com"]
)
def test_no_personal_password_is_praised(email: str) -> None:
    """The address, its first part and the service's name, however they are repeated, divided or numbered."""
    words = [email, email.partition("@")[0], *passwords.SERVICE_WORDS]
    forms = ["{0}{0}{0}{0}", "{0}-{0}!{0}_{0}", "{0}19842026735", "73918{0}.{0}.{0}20461", "{0}!?#&%$({0})+={0}", "{0}"]
    typed = [form.format(it) for it in words for form in forms]
    typed = refused([*typed, *(it.upper() for it in typed)], email)

    assert len(typed) > 40
    assert max(scores(typed, email)) <= FAIR


def test_a_password_that_the_service_accepts_is_praised() -> None:
    """But for fewer than one of a thousand, whose digest is that of a common one."""
    typed = [base64.b64encode(hashlib.sha256(b"%d" % it).digest()).decode()[:18] for it in range(5000)]
    praised = sum(reached >= GOOD for reached in scores(typed))

    assert refused(typed, "ann@example.com") == []
    assert sum(reached >= GOOD for reached in scores(typed, listed="empty")) - praised <= 5
    assert praised > 4000
