"""The part of a document that a command writes, between two markers."""


def markers(command: str) -> tuple[str, str]:
    """Return the lines before and after the part."""
    return f"<!-- written by {command} -->\n", f"<!-- end of what {command} writes -->\n"


def replaced(document: str, marked: tuple[str, str], part: str, *, missing: str) -> str:
    """Return the document with a new part; raises ValueError, which says what is ``missing``, without both markers."""
    begin, end = marked
    before, found_begin, rest = document.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found_begin and found_end):
        raise ValueError(f"{missing} between {begin.strip()} and {end.strip()}")
    return f"{before}{begin}\n{part}\n{end}{after}"
