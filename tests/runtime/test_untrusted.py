"""What a model or a server says is shown, and obeyed by nothing."""

import html.parser
import io

import pytest
import rich.console
from hypothesis import example, given
from hypothesis import strategies as st

from surefoot.runtime.untrusted import as_html, as_markup, can_be_kept, one_line, tame, tame_lines

ATTACKS = [
    "\x1b]0;title\x07",
    "\x1b[2J",
    "a\rb",
    "a\nstatus: solved",
    "\u202eevil",
    "[/1]",
    "[bold]x[/]",
    "\\[red]",
    "x\\",
    "<script>",
    '"onload="',
    "\ud800",
    "\x9b2J",
]


@pytest.mark.parametrize("text", ATTACKS)
def test_nothing_is_obeyed(text: str) -> None:
    for shown in (tame(text), one_line(text), as_html(text), as_markup(text)):
        assert shown.isprintable()
        assert shown.isascii() or not text.isascii()
    assert all(line.isprintable() for line in tame_lines(text).split("\n"))


@given(st.text(st.characters(codec=None), max_size=60))
@example("[/1]")
@example("[bold]2")
@example("a\\[b]c\\")
@example("[@click=app.bell]x[/]")
def test_rich_shows_what_was_written(text: str) -> None:
    out = io.StringIO()
    console = rich.console.Console(file=out, width=10_000, highlight=False, emoji=False)
    console.print(f"[bold]{as_markup(text)}[/bold]|", soft_wrap=True)
    assert out.getvalue() == f"{one_line(text)}|\n"


@given(st.text(max_size=60))
def test_pages_show_what_was_written(text: str) -> None:
    seen: list[str] = []

    class Reader(html.parser.HTMLParser):
        def handle_data(self, data: str) -> None:
            seen.append(data)

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert (tag, attrs) == ("p", [("title", one_line(text))])

    reader = Reader()
    reader.feed(f'<p title="{as_html(text)}">{as_html(text)}</p>')
    reader.close()
    assert "".join(seen) == one_line(text)


def test_lengths_are_bounded_before_anything_is_done() -> None:
    assert len(tame("x" * 10**6)) == 200
    assert len(one_line("x " * 10**6)) <= 2000
    assert tame_lines("a\tb\x00\n\nc") == "a\tb\\x00\n\nc"
    assert [can_be_kept(text) for text in ("a", "\ud800")] == [True, False]
