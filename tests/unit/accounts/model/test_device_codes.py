"""The code that a person types: hard to guess, easy to read, and taken however it is typed."""

import pytest

from accounts import secrets
from accounts.model import device_codes
from accounts.model.device_codes import ALPHABET, Codes


def test_a_code_has_eight_of_twenty_letters_that_nobody_reads_for_others() -> None:
    """34 bits and a half; no vowels, so that no word comes out (RFC 8628 6.1)."""
    made = {device_codes.new_user_code() for _ in range(2000)}

    assert (len(set(ALPHABET)), {len(code) for code in made}) == (20, {8})
    assert set("AEIOU01") & set(ALPHABET) == set()
    assert set("".join(made)) == set(ALPHABET)
    assert len(made) == 2000


def test_a_code_is_shown_in_two_halves() -> None:
    """As people read out telephone numbers."""
    assert device_codes.shown("WDJBMJHT") == "WDJB-MJHT"


@pytest.mark.parametrize("text", ["WDJB-MJHT", "wdjbmjht", " wdjb mjht ", "W-D-J-B-M-J-H-T", "wdjb\u2013mjht"])
def test_a_code_is_the_same_however_it_is_typed(text: str) -> None:
    """In any case, with any dashes or none."""
    assert device_codes.typed(text) == secrets.digest("WDJBMJHT")


@pytest.mark.parametrize("text", ["", "WDJB-MJH", "WDJB-MJHTB", "WDJB-MJHA", "WDJB-MJH1", "WDJB_MJHT", "\u0428DJBMJHT"])
def test_what_cannot_be_a_code_is_not_looked_for(text: str) -> None:
    """Too short, too long, or with a letter that no code has."""
    assert device_codes.typed(text) is None


def test_codes_do_not_end_up_in_tracebacks() -> None:
    """What is printed names none of them."""
    assert repr(Codes("device-code", "WDJB-MJHT")) == "Codes()"
