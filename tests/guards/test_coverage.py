"""Which cases `make quick` runs, and what `make test` traces for the coverage of the domain."""

import sys

from tests.first_cases import first_cases
from tests.sampled_coverage import traced


def test_one_case_of_each_test_of_the_domain_is_traced() -> None:
    in_random_order = [
        "tests/unit/accounts/test_text.py::test_one[b]",
        "tests/browser/test_login.py::test_story",
        "tests/unit/accounts/test_text.py::test_two",
        "tests/functions/test_timing.py::test_login",
        "tests/unit/accounts/test_text.py::test_one[a]",
        "tests/functions/test_stories.py::test_login[x/y]",
    ]

    assert traced(in_random_order) == {
        "tests/unit/accounts/test_text.py::test_one[a]",
        "tests/unit/accounts/test_text.py::test_two",
        "tests/functions/test_stories.py::test_login[x/y]",
    }


def test_a_test_of_another_folder_is_not_traced() -> None:
    """Can fail in `make test` only, which runs with coverage."""
    assert sys.gettrace() is None


def test_one_case_of_each_test_is_chosen() -> None:
    """Each worker chooses the same one, in whatever order it has them."""
    in_random_order = ["a.py::test_one[b]", "b.py::test_one", "a.py::test_two", "a.py::test_one[a-[]]"]

    assert first_cases(in_random_order) == {"a.py::test_one[a-[]]", "b.py::test_one", "a.py::test_two"}
