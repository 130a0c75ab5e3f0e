"""`make screenshots`: every page in every state, on a phone and a desktop, light and dark, as pictures to look at."""

import sys
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from local.cloud import LocalCloud
from tests.browser.chromium import FLAGS, installed
from tests.browser.people import visitor_in
from tests.browser.scenes import SCENES, Scene, Stage, play
from tests.local.person import Person

FOLDER = Path(__file__).parents[2] / ".local" / "screenshots"
SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 800}}


def main(wanted: list[str]) -> int:
    """Take them all, or those whose names begin with one of ``wanted``; 1 if there is no browser to take them with."""
    path = installed()
    if path is None:
        print("Chromium is not installed (Debian: apt-get install chromium)", file=sys.stderr)
        return 1
    scenes = [scene for scene in SCENES if not wanted or scene.name.startswith(tuple(wanted))]
    with LocalCloud(mailbox_url="http://127.0.0.1:9") as cloud, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        person = Person(cloud).join()
        person.make_key("render box")
        for (size, viewport), scheme in product(SIZES.items(), ("light", "dark")):
            _take(browser, cloud, person, scenes, f"{size}-{scheme}", viewport=viewport, color_scheme=scheme)
        browser.close()
    print(f"{len(scenes)} pages and states, each four times, are in {FOLDER}")
    return 0


def _take(
    browser: Browser, cloud: LocalCloud, person: Person, scenes: list[Scene], kind: str, **options: object
) -> None:
    visitor = visitor_in(browser, cloud, **options)
    folder = FOLDER / kind
    folder.mkdir(parents=True, exist_ok=True)
    for scene in scenes:
        play(scene, Stage(visitor, cloud, person))
        visitor.page.screenshot(
            path=folder / f"{scene.name}.png", full_page=not visitor.page.locator("dialog[open]").count()
        )
    visitor.context.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
