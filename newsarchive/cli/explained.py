"""Why a page was read as it was, on the screen: its kind, its fields, its lines, its links."""

from collections.abc import Sequence
from itertools import groupby

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from newsarchive.cli.output import cell, counted
from newsarchive.explain import wording
from newsarchive.explain.explanation import Explanation, Line
from storage.model import LinkGroup, Role

WIDE = 120
"""Columns from which on it is also told where a line stands."""
FOLDED = 3
"""Lines in a row that were left out, from which on one line stands for them."""
STYLES = {
    Role.HEADING: "bold", Role.QUOTE: "italic", Role.DEK: "magenta", Role.BYLINE: "cyan", Role.DATELINE: "cyan",
    Role.CAPTION: "cyan", Role.CORRECTION: "yellow", Role.DISCLAIMER: "yellow", Role.PROMO: "red", Role.TEASER: "red",
}  # fmt: skip
"""Of the roles that stand out; body is plain, and all else dim."""


def explained(out: Console, told: Explanation) -> None:
    """All of it."""
    kind(out, told)
    fields(out, told)
    layout(out, told)
    lines(out, told)
    links(out, told.groups)


def kind(out: Console, told: Explanation) -> None:
    """What the page was taken for, and what was weighed."""
    reading = told.reading
    headline = (
        next((each.value for each in told.fields if each.name == "headline"), "") or reading.title or "(untitled)"
    )
    out.print(cell(headline, "bold"))
    out.print(cell(told.url, "dim"), soft_wrap=True)
    out.print()
    out.print(Text(f"{wording.kind(told)}: ", style="bold green" if reading.article else "bold yellow").append_text(
        cell(reading.reason)))  # fmt: skip
    if told.weights:
        parts = ", ".join(f"{points} {what}" for points, what in wording.points(told))
        out.print(cell(f"weight {told.weight:.1f}, an article needs {told.enough:.1f}: {parts}", "dim"))


def fields(out: Console, told: Explanation) -> None:
    """Each field, what gave it, and what else was said of it."""
    heading(out, "Fields" if told.reading.article else "Fields, as they would be of an article")
    grid = _grid(Column("field", no_wrap=True), Column("value", overflow="fold"), head=False)
    for each in map(wording.verdict, told.fields):
        said = cell(each.value or "-", "" if each.value else "dim")
        said.append_text(cell(f"\n{each.why}", "dim") if each.by else Text(""))
        for source, value in each.others:
            said.append_text(cell(f"\n{source}: ", "dim")).append_text(cell(value, "dim italic"))
        grid.add_row(Text(each.name, style="cyan"), said)
    out.print(grid)


def layout(out: Console, told: Explanation) -> None:
    """What the selectors of the site's layout find."""
    if not told.matches:
        return
    heading(out, "The site's layout")
    grid = _grid(Column("field", no_wrap=True), Column("found", justify="right"), Column("selector", overflow="fold"))
    for each in told.matches:
        grid.add_row(cell(each.field, "cyan"), Text(str(each.found), style="" if each.found else "bold red"),
                     cell(each.selector))  # fmt: skip
    out.print(grid)


def lines(out: Console, told: Explanation) -> None:
    """The page's lines from the article's first to its last: role, text as far as there is room, rule."""
    shown = told.article_lines
    if not shown:
        return
    heading(out, "Lines" if told.reading.article else "Lines, with the roles that they would have in an article")
    wide = out.width >= WIDE
    grid = _grid(_line("role"), _line("text", ratio=3), _line("why"), *([_line("where", ratio=1)] if wide else []))
    grid.expand = True
    for left, some in groupby(shown, key=is_left):
        run = list(some)
        if left and len(run) > FOLDED:
            words = " · ".join(line.text for line in run)[:200]
            grid.add_row("-", cell(words, "dim"), cell(f"{len(run)} lines left out", "dim"))
            continue
        for line in run:
            style = _style(line)
            role = Text(_role(line, told.groups), style=style or "green")
            row = (role, cell(" ".join(line.text.split()), style), cell(_why(line), "dim"), cell(line.place, "dim"))
            grid.add_row(*row[: len(grid.columns)])
    out.print(grid)
    if outside := len(told.lines) - len(shown):
        out.print(f"\n({counted(outside, 'line')} of the page before and after: --html FILE shows them)", style="dim")


def links(out: Console, groups: Sequence[LinkGroup]) -> None:
    """The groups of links to other articles."""
    if not groups:
        return
    heading(out, "Links")
    grid = _grid(
        Column("kind", no_wrap=True), Column("links", justify="right"), Column("label"), _line("first", ratio=1)
    )
    for group in groups:
        first = group.links[0].anchor if group.links else ""
        grid.add_row(Text(group.kind.value, style="cyan"), str(len(group.links)), cell(group.label or "-"),
                     cell(first, "dim"))  # fmt: skip
    out.print(grid)


def heading(out: Console, text: str) -> None:
    """One part's name."""
    out.print()
    out.print(text, style="bold underline")


def _grid(*columns: Column, head: bool = True) -> Table:
    return Table(*columns, box=None, pad_edge=False, show_edge=False, show_header=head, header_style="dim")


def _line(name: str, ratio: int | None = None) -> Column:
    """A column whose text is cut to the room that there is."""
    return Column(name, no_wrap=True, overflow="ellipsis", ratio=ratio)


def is_left(line: Line) -> bool:
    """True for what is neither of the article nor a link that was read."""
    return line.role is None and line.group is None and not line.is_headline


def _role(line: Line, groups: Sequence[LinkGroup]) -> str:
    if line.role is not None:
        return line.role.value
    if line.group is not None:
        return groups[line.group].kind.value
    return "headline" if line.is_headline else "-"


def _style(line: Line) -> str:
    if line.role is None:
        return "bold" if line.is_headline else "dim"
    return STYLES.get(line.role, "" if line.is_body else "dim")


def _why(line: Line) -> str:
    hints = f" ({', '.join(line.around[:3])})" if line.around and line.rule.startswith("what stands around") else ""
    tag = f" (<{line.tag}>)" if line.rule == "its markup" and line.tag else ""
    return f"{line.rule}{hints}{tag}"
