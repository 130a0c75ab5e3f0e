"""What `make test` traces for the coverage of the domain."""

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
