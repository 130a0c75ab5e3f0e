"""The sample events in `events/`, one for each function, with placeholders such as `{{session}}`."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from local import PROJECT

EVENTS = PROJECT / "events"
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_JSON = re.compile(r"\{[\s\"].*\}", re.DOTALL)
_FORM = re.compile(r"\w+=[^ ]*&.*")
type Value = Callable[[str], str]


def names() -> list[str]:
    """Return the functions that have a sample."""
    return sorted(path.stem for path in EVENTS.glob("*.json"))


def placeholders(function: str) -> set[str]:
    """Return the names of the values that the function's sample needs."""
    return set(_PLACEHOLDER.findall(_text(function)))


def event(function: str, value: Value) -> dict[str, Any]:
    """Return the function's sample with each placeholder replaced by its `value`."""
    filled: dict[str, Any] = _filled(json.loads(_text(function)), value)
    return filled


def _filled(node: Any, value: Value) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(node, dict):
        return {name: _filled(it, value) for name, it in node.items()}
    if isinstance(node, list):
        return [_filled(it, value) for it in node]
    return _filled_text(node, value) if isinstance(node, str) else node


def _filled_text(text: str, value: Value) -> str:
    """Fill in a text, which may be JSON or a form itself: values are escaped for it."""
    if _JSON.fullmatch(text):
        return json.dumps(_filled(json.loads(text), value))
    escaped = quote if _FORM.fullmatch(text) else str
    return _PLACEHOLDER.sub(lambda found: escaped(value(found[1])), text)


def _text(function: str) -> str:
    return (EVENTS / f"{function}.json").read_text(encoding="utf-8")
