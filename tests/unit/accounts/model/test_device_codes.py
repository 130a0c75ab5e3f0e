"""The code that a person types: hard to guess, easy to read, and accepted in any spelling."""

import pytest

from accounts import secrets
from accounts.model import device_codes
from accounts.model.device_codes import ALPHABET, Codes


def test_a_code_has_eight_of_twenty_unambiguous_letters() -> None:
    """34.5 bits; no vowels, so that no words appear (RFC 8628 6.1)."""
    codes = {device_codes.new_user_code() for _ in range(2000)}

    assert (len(set(ALPHABET)), {len(code) for code in codes}) == (20, {8})
    assert set("AEIOU01") & set(ALPHABET) == set()
    assert set("".join(codes)) == set(ALPHABET)
    assert len(codes) == 2000


def test_a_code_is_shown_in_two_halves() -> None:
    """Like telephone numbers."""
    assert device_codes.shown("WDJBMJHT") == "WDJB-MJHT"


@pytest.mark.parametrize(
    "text",
    [
        "WDJB-MJHT",
        "wdjbmjht",
        " wdjb mjht ",
        "W-D-J-B-M-J-H-T",
        "wdjb\u2013mjht",
        "\uff37\uff24\uff2a\uff22\uff0d\uff2d\uff2a\uff28\uff34",
        "\uff57\uff44\uff4a\uff42\u30fc\uff4d\uff4a\uff48\uff54",
        "wdjb\u2015mjht",
        "wdjb\u00admjht",
        "\u3000WDJB\xa0MJHT\u200b\n",
        "\u2068WDJB\u2212MJHT\u2069",
        "WDJBMJHT".rjust(64),
    ],
)
def test_a_code_is_accepted_in_any_spelling(text: str) -> None:
    """In either case, with or without dashes, and with any keyboard."""
    assert device_codes.typed(text) == secrets.digest("WDJBMJHT")


@pytest.mark.parametrize(
    "text", ["", "WDJB-MJH", "WDJB-MJHTB", "WDJB-MJHA", "WDJB-MJH1", "WDJB_MJHT", "\u0428DJBMJHT", "WDJBMJHT".rjust(65)]
)
def test_a_malformed_code_is_not_looked_up(text: str) -> None:
    """Too short, too long, or with a letter that codes do not use."""
    assert device_codes.typed(text) is None


def test_codes_do_not_appear_in_tracebacks() -> None:
    assert repr(Codes("device-code", "WDJB-MJHT")) == "Codes()"
