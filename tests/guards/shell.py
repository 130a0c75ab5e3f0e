"""Extracts the commands of the documents. Parses only as much shell syntax as they use."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

_FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_PASTED = {"", "sh", "bash", "zsh", "shell", "console"}
_INDENTED = re.compile(r"(?:^(?: {4}| {7,}).*\n)+", re.MULTILINE)
_SPAN = re.compile(r"`([^`]+)`")
_COMMENT = re.compile(r"(?:^|(?<=\s))# .*$", re.MULTILINE)
_ANY_COMMENT = re.compile(r"^(?:|.*[^\S\n])#.*$", re.MULTILINE)
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_ASSIGNMENTS = re.compile(r"(?:\w+=\S+\s*)+")
_LOOP = re.compile(r"for (\w+) in ([\w -]+); do(.*?)done", re.DOTALL)
_ARITHMETIC = re.compile(r"\$\(\([^()]*\)\)")
_INNER = re.compile(r"\$\(([^()]*)\)")
_PLACEHOLDER = re.compile(r"<[^<>\n]+>")
_ENDS = ";|()&\n"


@dataclass(frozen=True)
class Command:
    """``words`` include the program. ``whole`` is False for a command in a sentence, which may lack arguments."""

    words: tuple[str, ...]
    whole: bool

    def __str__(self) -> str:
        """The id of the test."""
        return " ".join(self.words[:4])


def commands(path: Path, program: str) -> list[Command]:
    """All calls of a program in a document, including those in ``$(...)``."""
    pieces = [(text, True) for text in blocks(path)] + [(text, False) for text in spans(path)]
    calls = ((words, whole) for text, whole in pieces for words in _calls(text))
    return [
        Command(tuple(words), whole)
        for words, whole in map(_without_settings, calls)
        if words[:1] == [program] and words[1:]
    ]


def blocks(path: Path) -> list[str]:
    """The code blocks of a document."""
    text = path.read_text(encoding="utf-8")
    return [body for _, _, body in _FENCED.findall(text)] + _INDENTED.findall(_FENCED.sub("", text))


def pasted(text: str) -> list[str]:
    """The code blocks that are meant for a shell."""
    return [body for _, language, body in _FENCED.findall(text) if language in _PASTED] + _INDENTED.findall(
        _FENCED.sub("", text)
    )


def procedures(text: str) -> dict[str, list[str]]:
    """The fenced blocks for a shell, in their order, by the heading above them."""
    sections = re.split(r"^#+ (.+)$", text, flags=re.MULTILINE)[1:]
    found = {heading: _FENCED.findall(body) for heading, body in zip(sections[::2], sections[1::2], strict=True)}
    return {
        heading: [dedent(body) for _, language, body in blocks if language in _PASTED]
        for heading, blocks in found.items()
        if blocks
    }


def comments(block: str) -> list[str]:
    """The lines with a comment. At its prompt, zsh treats `#` as an argument."""
    return _ANY_COMMENT.findall(_QUOTED.sub("quoted", block))


def runs_a_placeholder(block: str) -> bool:
    """Whether a command follows an assignment of a placeholder, which the reader has to replace first."""
    _, placeholder, after = block.partition("=paste-")
    return bool(placeholder) and _ASSIGNMENTS.fullmatch("x=" + after) is None


def spans(path: Path) -> list[str]:
    """The inline code of a document."""
    text = path.read_text(encoding="utf-8")
    return [" ".join(it.split()) for it in _SPAN.findall(_INDENTED.sub("", _FENCED.sub("", text)))]


def _calls(text: str) -> Iterator[list[str]]:
    text = _COMMENT.sub("", text).replace("\\\n", " ")
    text = _LOOP.sub(_first_round, text)
    text = _ARITHMETIC.sub("7", _PLACEHOLDER.sub("placeholder", text))
    while inner := _INNER.search(text):
        yield from _split(inner[1])
        text = text.replace(inner[0], "placeholder", 1)
        text = _ARITHMETIC.sub("7", text)
    yield from _split(text)


def _first_round(loop: re.Match[str]) -> str:
    """The body of the loop with its first value."""
    name, values, body = loop.groups()
    return re.sub(rf"\$\{{?{name}\b\}}?", values.split()[0], body)


def _split(text: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(text, posix=True, punctuation_chars=_ENDS)
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t", True, ""
    call: list[str] = []
    for word in _words(lexer):
        if word and set(word) <= set(_ENDS) | {"{", "}"}:
            yield call
            call = []
        else:
            call.append(word)
    yield call


def _words(lexer: shlex.shlex) -> Iterator[str]:
    try:
        yield from lexer
    except ValueError:  # an unbalanced quotation mark, in JSON, CSS or prose: not a command
        return


def _without_settings(call: tuple[list[str], bool]) -> tuple[list[str], bool]:
    """Remove assignments and keywords before the program, as in `PORT=9000 make dev`."""
    words, whole = call
    while words and (re.fullmatch(r"[A-Za-z_]+=.*", words[0]) or words[0] in {"{", "do", "then"}):
        words = words[1:]
    return words, whole
