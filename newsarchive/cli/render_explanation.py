"""Rendering of an extraction's explanation on the terminal: page kind, fields, lines, links."""

from collections.abc import Sequence
from itertools import groupby

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from newsarchive.cli.output import print_line, safe_text
from newsarchive.config.units import pluralize
from newsarchive.explain.explanation import ExplainedLine, Explanation
from newsarchive.explain.report import describe_outcome, sorted_points, summarize_field
from storage.model import LinkGroup, Role

WIDE = 120
"""Terminal width from which the position of each line is printed too."""
MAX_UNFOLDED = 3
"""Consecutive lines outside the article that are printed; more are folded into one."""
STYLES = {
    Role.HEADING: "bold", Role.QUOTE: "italic", Role.DEK: "magenta", Role.BYLINE: "cyan", Role.DATELINE: "cyan",
    Role.CAPTION: "cyan", Role.CORRECTION: "yellow", Role.DISCLAIMER: "yellow", Role.PROMO: "red", Role.TEASER: "red",
}  # fmt: skip
"""Styles of roles; the body is plain, everything else dim."""


def print_explanation(out: Console, explanation: Explanation) -> None:
    """Print the whole explanation."""
    print_kind(out, explanation)
    print_fields(out, explanation)
    print_layout(out, explanation)
    print_lines(out, explanation)
    print_links(out, explanation.groups)


def print_kind(out: Console, explanation: Explanation) -> None:
    """Print the page kind and the weights that decided it."""
    reading = explanation.reading
    headline = next((each.value for each in explanation.fields if each.name == "headline"), "")
    out.print(safe_text(headline or reading.title or "(untitled)", "bold"))
    print_line(out, explanation.url, "dim")
    out.print()
    style = "bold green" if explanation.is_article else "bold yellow"
    out.print(Text(f"{describe_outcome(explanation)}: ", style=style).append_text(safe_text(reading.reason)))
    if explanation.score_parts:
        parts = ", ".join(f"{points} {what}" for points, what in sorted_points(explanation))
        needed = f"an article needs {explanation.threshold:.1f}"
        out.print(safe_text(f"weight {explanation.score:.1f}, {needed}: {parts}", "dim"))


def print_fields(out: Console, explanation: Explanation) -> None:
    """Print each field with its source and the values of other sources."""
    print_heading(out, "Fields" if explanation.is_article else "Fields, as if it were an article")
    grid = _grid(Column("field", no_wrap=True), Column("value", overflow="fold"), head=False)
    for each in map(summarize_field, explanation.fields):
        cell = safe_text(each.value or "-", "" if each.value else "dim")
        cell.append_text(safe_text(f"\n{each.why}", "dim") if each.by else Text(""))
        for source, value in each.others:
            cell.append_text(safe_text(f"\n{source}: ", "dim")).append_text(safe_text(value, "dim italic"))
        grid.add_row(Text(each.name, style="cyan"), cell)
    out.print(grid)


def print_layout(out: Console, explanation: Explanation) -> None:
    """Print the number of matches of each selector of the site layout."""
    if not explanation.matches:
        return
    print_heading(out, "The site's layout")
    grid = _grid(Column("field", no_wrap=True), Column("found", justify="right"), Column("selector", overflow="fold"))
    for each in explanation.matches:
        grid.add_row(safe_text(each.field, "cyan"), Text(str(each.found), style="" if each.found else "bold red"),
                     safe_text(each.selector))  # fmt: skip
    out.print(grid)


def print_lines(out: Console, explanation: Explanation) -> None:
    """Print the lines of the article: role, text cut to the width, and the rule that gave the role."""
    if not (shown := explanation.article_lines):
        return
    print_heading(out, "Lines" if explanation.is_article else "Lines, with roles as if it were an article")
    wide = out.width >= WIDE
    grid = _grid(_line("role"), _line("text", ratio=3), _line("why"), *([_line("where", ratio=1)] if wide else []))
    grid.expand = out.is_terminal
    for left, some in groupby(shown, key=lambda line: _role(line, explanation.groups) == "-"):
        run = list(some)
        if left and len(run) > MAX_UNFOLDED:
            words = " · ".join(line.text for line in run)[:200]
            grid.add_row("-", safe_text(words, "dim"), safe_text(f"{pluralize(len(run), 'line')} left out", "dim"))
            continue
        for line in run:
            usual = ("" if line.is_body else "dim") if line.role else ("bold" if line.is_headline else "dim")
            style = STYLES.get(line.role, usual) if line.role else usual
            role = Text(_role(line, explanation.groups), style=style or "green")
            text, notes = safe_text(" ".join(line.text.split()), style), (_why(line), line.place)
            grid.add_row(*(role, text, *(safe_text(each, "dim") for each in notes))[: len(grid.columns)])
    out.print(grid)
    if outside := len(explanation.lines) - len(shown):
        out.print(f"\n({pluralize(outside, 'line')} of the page before and after: --html FILE shows them)", style="dim")


def print_links(out: Console, groups: Sequence[LinkGroup]) -> None:
    """Print the groups of links."""
    if not groups:
        return
    print_heading(out, "Links")
    links = Column("links", justify="right")
    grid = _grid(Column("kind", no_wrap=True), links, Column("label"), _line("first", ratio=1))
    for group in groups:
        first = group.links[0].anchor if group.links else ""
        grid.add_row(Text(group.kind.value, style="cyan"), str(len(group.links)), safe_text(group.label or "-"),
                     safe_text(first, "dim"))  # fmt: skip
    out.print(grid)


def print_heading(out: Console, text: str) -> None:
    """Print a heading."""
    out.print()
    out.print(text, style="bold underline")


def _grid(*columns: Column, head: bool = True) -> Table:
    return Table(*columns, box=None, pad_edge=False, show_edge=False, show_header=head, header_style="dim")


def _line(name: str, ratio: int | None = None) -> Column:
    """Return a column whose text is cut to the available width."""
    return Column(name, no_wrap=True, overflow="ellipsis", ratio=ratio)


def _role(line: ExplainedLine, groups: Sequence[LinkGroup]) -> str:
    if line.role is not None:
        return line.role.value
    if line.group is not None:
        return groups[line.group].kind.value
    return "headline" if line.is_headline else "-"


def _why(line: ExplainedLine) -> str:
    is_by_element = line.around and line.rule.startswith("its surrounding elements")
    hints = f" ({', '.join(line.around[:3])})" if is_by_element else ""
    tag = f" (<{line.tag}>)" if line.rule == "its markup" and line.tag else ""
    return f"{line.rule}{hints}{tag}"
