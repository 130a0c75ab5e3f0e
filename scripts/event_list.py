"""Writes the table of events in docs/events.md from `accounts.events`. `make events` runs it."""

from accounts.events import ALL, EVENTS, Event
from scripts.stacks import PROJECT

DOCUMENT = PROJECT / "docs" / "events.md"
BEGIN, END = "<!-- written by make events -->\n", "<!-- end of what make events writes -->\n"


def table() -> str:
    rows = "\n".join(_row(name, event) for name, event in sorted(EVENTS.items()))
    return f"| event | when | audit record | metric |\n|---|---|---|---|\n{rows}\n"


def _row(name: str, event: Event) -> str:
    kept = f"yes{': ' + ', '.join(f'`{it}`' for it in event.detail) if event.detail else ''}" if event.kept else ""
    counted = "yes" if event.counted == ALL else ", ".join(f"`{it}`" for it in event.counted)
    return f"| `{name}` | {event.when} | {kept} | {counted} |"


def written(document: str) -> str:
    """Return the document with a new table between the two markers; raises ValueError if one is missing."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"docs/events.md has no table between {BEGIN.strip()} and {END.strip()}")
    return f"{before}{begin}\n{table()}\n{end}{after}"


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
