"""`make dashboard-preview`: the deployed dashboard with a scripted day in it, as a picture to be looked at."""

from pathlib import Path

from local import KEEP
from local.cloud import LocalCloud
from tests.browser import chromium
from tests.local.day import STEP, STEPS, Day, deployed_dashboard
from watching import drawing

PAGE = KEEP / "dashboard.html"
# A day like any other: midnight in UTC.
_START = 1_767_571_200


def picture(page: Path, browser: str) -> Path:
    """The page as a PNG beside it."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - takes a second, and many do without Chromium

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=browser, args=chromium.FLAGS)
        tab = running.new_page(viewport={"width": 1530, "height": 900})
        tab.goto(page.as_uri())
        tab.screenshot(path=page.with_suffix(".png"), full_page=True)
        running.close()
    return page.with_suffix(".png")


def main() -> None:
    """Play the day, draw it, and say where it is."""
    with LocalCloud(mailbox_url="http://127.0.0.1:9", say=print) as cloud:
        day = Day(cloud, _START)
        print("Playing twelve hours")
        day.play(print)
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(
            drawing.page(deployed_dashboard(cloud), day.metrics, _START, _START + STEP * STEPS), encoding="utf-8"
        )
    browser = chromium.installed()
    print(f"The dashboard: {picture(PAGE, browser) if browser else PAGE}")


if __name__ == "__main__":
    main()
