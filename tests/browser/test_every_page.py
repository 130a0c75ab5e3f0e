"""Every page in every state: accessible, light and dark; usable at 320 pixels; still; quiet."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from local.cloud import LocalCloud
from tests.browser.looks import overflowing, violations
from tests.browser.people import visitor_in
from tests.browser.scenes import SCENES, Scene, Stage, login, login_failed, login_unreachable, play, signup
from tests.local.person import Person

_WATCH = """() => {
  window.shifts = [];
  new PerformanceObserver(list => window.shifts.push(...list.getEntries().map(it => it.value)))
    .observe({type: "layout-shift", buffered: true});
}"""
_SHIFTS = "() => new Promise(resolve => requestAnimationFrame(() => setTimeout(() => resolve(window.shifts), 50)))"


@pytest.fixture(scope="module")
def shared(chromium: Browser, cloud: LocalCloud, member: Person) -> Iterator[tuple[Stage, Stage]]:
    """One browser for all scenes outside an account and one for those inside; scenes undo what the last one did."""
    options = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}
    outside, inside = (Stage(visitor_in(chromium, cloud, **options), cloud, member) for _ in range(2))
    yield outside, inside
    for stage in (outside, inside):
        stage.visitor.context.close()
        assert stage.visitor.complaints == []


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_page_is_accessible(shared: tuple[Stage, Stage], scene: Scene) -> None:
    """Axe finds nothing, light on a desktop and dark on a phone; at 320 pixels (1280 at 400 %) nothing overflows."""
    stage = shared[scene.inside]
    page = stage.page
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(color_scheme="light")
    play(scene, stage)

    assert violations(stage.page) == []
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 375, "height": 667})
    assert violations(stage.page) == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert overflowing(page) == []


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scene", [login, signup, login_failed, login_unreachable], ids=lambda scene: scene.__name__)
def test_nothing_moves(
    chromium: Browser, cloud: LocalCloud, member: Person, scene: Callable[[Stage], None], width: int
) -> None:
    """Neither while a page loads nor when it says what went wrong: what a finger aims at stays where it is."""
    someone = visitor_in(chromium, cloud, viewport={"width": width, "height": 800})
    someone.page.add_init_script(f"({_WATCH})()")
    scene(Stage(someone, cloud, member))

    assert someone.page.evaluate(_SHIFTS) == []
    someone.context.close()


@pytest.mark.parametrize("name", ["account", "api-keys", "consent", "consent-account-changed"])
def test_nothing_moves_when_the_account_arrives(shared: tuple[Stage, Stage], name: str) -> None:
    """All of it is shown at once."""
    _, inside = shared
    scene = next(scene for scene in SCENES if scene.name == name)
    inside.page.add_init_script(f"({_WATCH})()")
    play(scene, inside)

    assert inside.page.evaluate(_SHIFTS) == []


def test_a_browser_without_scripts_is_told_so(chromium: Browser, cloud: LocalCloud) -> None:
    """No form that does nothing, and no endless "Loading…"; a page that needs no script is shown."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    parts = page.locator("#main > *")
    seen = []
    for path in ("/login", "/device", "/nothing-here"):
        page.goto(cloud.site_url + path)
        told = page.locator("noscript p").is_visible()
        seen.append((told, any(part.is_visible() for part in parts.all())))
    context.close()

    assert seen == [(True, False), (True, False), (False, True)]
