"""`make screenshots`: every page in every state, on a phone and a desktop, light and dark, as pictures to look at.

`make screenshots LANGUAGES="ar zh-Hans"` takes them in other languages, on a light phone and a dark desktop.

It also writes the picture in the README, `docs/pages.png`, from three of them.
"""

import base64
import os
import sys
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Error, sync_playwright

from accounts import languages
from local.cloud import LocalCloud
from tests.browser.chromium import FLAGS, installed
from tests.browser.people import visitor_in
from tests.browser.scenes import SCENES, Scene, Stage, play
from tests.browser.translated import reading
from tests.local.person import Person

FOLDER = Path(__file__).parents[2] / ".local" / "screenshots"
README_PICTURE = Path(__file__).parents[2] / "docs" / "pages.png"
README_SCENES = ("login", "api-keys", "account")
SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 800}}
SCHEMES = ("light", "dark")


def main(wanted: list[str]) -> int:
    """Take them all, or those whose names begin with one of ``wanted``; 1 if there is no browser to take them with."""
    path = installed()
    if path is None:
        print("Chromium is not installed (Debian: apt-get install chromium)", file=sys.stderr)
        return 1
    scenes = [scene for scene in SCENES if not wanted or scene.name.startswith(tuple(wanted))]
    kinds = [(it, *kind) for it in _languages() for kind in _kinds(it)]
    with LocalCloud(mailbox_url="http://127.0.0.1:9") as cloud, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        person = Person(cloud).join()
        person.make_key("render box")
        for language, size, scheme in kinds:
            folder = FOLDER / language / f"{size}-{scheme}"
            # Without a transition halfway.
            options = {"locale": language, "viewport": SIZES[size], "color_scheme": scheme, "reduced_motion": "reduce"}
            with reading(language):
                _take(browser, cloud, person, scenes, folder, **options)
        if {scene.name for scene in scenes} >= set(README_SCENES) and languages.DEFAULT in _languages():
            _compose(browser)
        browser.close()
    print(f"{len(scenes)} pages and states, each in {len(kinds)} kinds, are in {FOLDER}")
    return 0


def _languages() -> list[str]:
    return os.environ.get("LANGUAGES", languages.DEFAULT).split()


def _kinds(language: str) -> list[tuple[str, str]]:
    """Sizes and schemes. Colors are the same in every language."""
    return list(product(SIZES, SCHEMES) if language == languages.DEFAULT else zip(SIZES, SCHEMES, strict=True))


def _take(
    browser: Browser, cloud: LocalCloud, person: Person, scenes: list[Scene], folder: Path, **options: object
) -> None:
    visitor = visitor_in(browser, cloud, **options)
    folder.mkdir(parents=True, exist_ok=True)
    for scene in scenes:
        try:
            play(scene, Stage(visitor, cloud, person))
        except (AssertionError, Error) as failure:
            # The picture shows how far it came.
            print(f"{folder.name}/{scene.name}: {str(failure).partition(chr(10))[0]}", file=sys.stderr)
        visitor.page.screenshot(
            path=folder / f"{scene.name}.png", full_page=not visitor.page.locator("dialog[open]").count()
        )
    visitor.context.close()


def _compose(browser: Browser) -> None:
    """Put the README's pages beside each other, small enough for everyone who opens the project."""
    files = [FOLDER / languages.DEFAULT / "phone-light" / f"{name}.png" for name in README_SCENES]
    pictures = "".join(
        f'<img src="data:image/png;base64,{base64.b64encode(file.read_bytes()).decode()}">' for file in files
    )
    style = (
        "body { margin: 0; padding: 12px; display: flex; gap: 12px; background: #e7e9ee; }"
        "img { width: 292px; height: 560px; object-fit: cover; object-position: top; border-radius: 8px; }"
    )
    page = browser.new_page(viewport={"width": 924, "height": 584})
    page.set_content(f"<style>{style}</style>{pictures}")
    page.screenshot(path=README_PICTURE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
