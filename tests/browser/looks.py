"""What is wrong with the looks of a page: for axe, and for the width of the window."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_AXE = Axe().axe_script
# WCAG 2.2 A and AA, and the practices that are generally agreed on.
_RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
# What is wider than the window on either side, unless it is out of sight on purpose.
_OVERFLOWING = """() => [
  ...(document.documentElement.scrollWidth > innerWidth ? [document.documentElement] : []),
  ...document.querySelectorAll("main *, header *, footer *, dialog[open] *"),
]
  .filter(it => it.checkVisibility())
  .filter(it => {
    const { left, right } = it.getBoundingClientRect();
    const sticksOut = right > innerWidth + 1 || (left < -1 && !it.closest(".hidden-label"));
    return sticksOut || it === document.documentElement;
  })
  .map(it => it.outerHTML.slice(0, 120))"""


def violations(page: Page) -> list[str]:
    """What axe finds."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE)
    # Without what passed, which is most of it.
    found = page.evaluate("options => axe.run(options).then(found => found.violations)", _RULES)
    return [f"{it['id']}: {node['html']} {node['failureSummary']}" for it in found for node in it["nodes"]]


def overflowing(page: Page) -> list[str]:
    """The elements that a person has to scroll sideways for."""
    found: list[str] = page.evaluate(_OVERFLOWING)
    return found
