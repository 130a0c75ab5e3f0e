"""Writes the table of events in docs/events.md from `accounts.events`. `make events` runs it."""

from accounts.events import ALL, EVENTS, Event
from scripts import generated
from scripts.stacks import PROJECT

DOCUMENT = PROJECT / "docs" / "events.md"
BEGIN, END = generated.markers("make events")


def table() -> str:
    rows = "\n".join(_row(name, event) for name, event in sorted(EVENTS.items()))
    return f"| event | when | audit record | at most, for one account | metric |\n|---|---|---|---|---|\n{rows}\n"


def _row(name: str, event: Event) -> str:
    kept = f"yes{': ' + ', '.join(f'`{it}`' for it in event.detail) if event.detail else ''}" if event.kept else ""
    counted = "yes" if event.counted == ALL else ", ".join(f"`{it}`" for it in event.counted)
    return f"| `{name}` | {event.when} | {kept} | {event.kept} | {counted} |"


def written(document: str) -> str:
    """Return the document with a new table between the two markers; raises ValueError if one is missing."""
    return generated.replaced(document, (BEGIN, END), table(), missing="docs/events.md has no table")


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
