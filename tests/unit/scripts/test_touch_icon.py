"""The icon of a home screen is what its script draws."""

from accounts.web.assets import TOUCH_ICON
from scripts import touch_icon


def test_the_icon_is_what_the_script_draws() -> None:
    """Run `python -m scripts.touch_icon`."""
    assert touch_icon.drawn() == TOUCH_ICON.read_bytes()
