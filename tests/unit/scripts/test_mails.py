"""The gallery shows every email as it is sent."""

from html.parser import HTMLParser
from pathlib import Path

from scripts import mails
from scripts.mails import SAMPLES


class Views(HTMLParser):
    """The frames of the gallery."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "iframe":
            self.frames.append(dict(attrs))


def test_the_gallery_shows_every_email_light_and_dark(tmp_path: Path) -> None:
    """Each frame shows an existing file, fully sandboxed."""
    index = mails.write(tmp_path / "mails")
    views = Views()
    views.feed(index.read_text(encoding="utf-8"))

    names = [f"{kind}.{view}.html" for kind in SAMPLES for view in ("light", "dark")]
    assert [(frame["src"], frame["sandbox"]) for frame in views.frames] == [(name, None) for name in names]
    assert {path.name for path in index.parent.iterdir()} == {
        "index.html",
        *names,
        *(f"{kind}.txt" for kind in SAMPLES),
    }


def test_light_and_dark_do_not_depend_on_the_reader(tmp_path: Path) -> None:
    """The only change is the media query."""
    folder = mails.write(tmp_path).parent
    html = mails.rendered("confirm_email")[2]

    for view, answer in (("light", "not all"), ("dark", "all")):
        shown = (folder / f"confirm_email.{view}.html").read_text(encoding="utf-8")
        assert shown == html.replace("@media (prefers-color-scheme: dark)", f"@media {answer}")
        assert shown != html


def test_an_older_gallery_is_deleted(tmp_path: Path) -> None:
    """An email that is no longer sent is not shown."""
    old = tmp_path / "mails" / "old.txt"
    old.parent.mkdir()
    old.write_text("old")
    mails.write(old.parent)

    assert not old.exists()


def test_samples_open_nothing() -> None:
    """The gallery can be shared: its tokens say that they are samples."""
    tokens = [link.partition("#token=")[2] for it in SAMPLES.values() if (link := getattr(it, "link", ""))]
    assert {token.partition("&")[0] for token in tokens} == {"sample-token-that-opens-nothing-0123456789a"}
