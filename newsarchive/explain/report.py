"""Render an explanation as one HTML file: the text of the page in its order, each line with its role and rule.

Of the page itself only escaped text and http(s) links go into the file, so there is nothing to run or to fetch, and
the Content-Security-Policy of the file forbids both.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import groupby

from jinja2 import Environment, FunctionLoader
from markupsafe import Markup

from newsarchive.explain.explanation import (
    LABELS,
    OUTSIDE,
    ExplainedLine,
    Explanation,
    describe_outcome,
    sorted_points,
    summarize_field,
)
from newsarchive.version import VERSION
from storage.model import Link, Role

_FOLD_FROM = 4
"""Lines outside the article in a row from which they are folded."""
_PREVIEW_LENGTH = 140
"""Characters of folded lines that are shown."""
_LABEL_DISTANCE = 8
"""Lines before the first link of a group among which its label is looked for."""
_STYLES = {Role.HEADING: "heading", Role.QUOTE: "quote", Role.LIST: "list", Role.CODE: "code", Role.DEK: "dek"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One line as it is shown."""

    category: str
    """body, headline, around, links, label (of links) or left."""
    name: str
    """Its role."""
    style: str
    segments: tuple[tuple[str, str], ...]
    """(text, URL); the URL is "" for text outside links."""
    why: str
    place: str
    link_kind: str
    first_of: int | None
    """The link group that begins here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """Consecutive lines, shown or folded."""

    lines: Sequence[_Row]
    folded: bool

    @property
    def preview(self) -> str:
        """The beginning of the text."""
        return " · ".join("".join(text for text, _ in row.segments) for row in self.lines)[:_PREVIEW_LENGTH]


def render_report(explanation: Explanation) -> str:
    """Return the HTML of the report."""
    rows = list(_rows(explanation))
    counts = Counter((row.name, row.category) for row in rows)
    legend = [(name, count, category) for (name, category), count in counts.items()]
    article = explanation.reading.article
    style = _read_template("report.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    headline = next((each.value for each in explanation.fields if each.name == "headline"), "")
    return _ENVIRONMENT.get_template("report.html").render(
        explanation=explanation,
        version=VERSION,
        headline=headline or explanation.reading.title or "(untitled)",
        outcome=describe_outcome(explanation),
        points=sorted_points(explanation),
        fields=[summarize_field(each) for each in explanation.fields if each.value or each.claims],
        missing=[LABELS.get(f.name, f.name) for f in explanation.fields if not f.value and not f.claims],
        # Most frequent first, lines outside the article last.
        legend=sorted(legend, key=lambda entry: (entry[2] == "left", -entry[1])),
        runs=list(_runs(rows)),
        language=article.language if article else None,
        style=Markup(style),  # noqa: S704 - our own file
        style_hash=f"sha256-{digest}",
    )  # fmt: skip


def _rows(explanation: Explanation) -> Iterator[_Row]:
    begun: set[int] = set()
    labels = _label_lines(explanation)
    for number, line in enumerate(explanation.lines):
        group = line.group
        first = group if group is not None and group not in begun else None
        begun.update(() if group is None else (group,))
        category = "label" if number in labels else _categorize(line)
        yield _Row(
            category=category, name=line.role.value if line.role is not None and category != "links" else category,
            style="headline" if line.is_headline else _STYLES.get(line.role, "") if line.role else "",
            segments=_split_at_links(line.text, line.links), why=_describe_rule(line), place=line.place,
            link_kind=explanation.groups[group].kind.value if group is not None else "", first_of=first,
        )  # fmt: skip


def _label_lines(explanation: Explanation) -> set[int]:
    """Return the lines that print the label of a link group: the nearest before its first link with the same text."""
    found: set[int] = set()
    for number, group in enumerate(explanation.groups):
        first = next((at for at, line in enumerate(explanation.lines) if line.group == number), 0)
        before = range(first - 1, max(-1, first - _LABEL_DISTANCE), -1)
        found.update([at for at in before if group.label and explanation.lines[at].text == group.label][:1])
    return found


def _categorize(line: ExplainedLine) -> str:
    if line.is_headline:
        return "headline"
    if line.is_body:
        return "body"
    if line.group is not None:
        return "links"
    return "left" if line.role is None else "around"


def _describe_rule(line: ExplainedLine) -> str:
    zones = f" (in: {', '.join(line.around)})" if line.around else ""
    rule = "a link to another article" if line.group is not None and line.rule == OUTSIDE.rule else line.rule
    role = f"{line.role.value}: " if line.role is not None and _categorize(line) == "links" else ""
    return f"{role}{rule}{zones}"


def _split_at_links(text: str, links: Sequence[Link]) -> tuple[tuple[str, str], ...]:
    """Return (text, URL) of the parts of a text, the URL "" outside links."""
    found: list[tuple[str, str]] = []
    at = 0
    for link in links:
        start = text.find(link.anchor, at) if link.anchor else -1
        if start < 0:
            continue
        found += [(text[at:start], ""), (link.anchor, link.url)]
        at = start + len(link.anchor)
    return tuple(segment for segment in (*found, (text[at:], "")) if segment[0])


def _runs(rows: Sequence[_Row]) -> Iterator[_Run]:
    """Yield the rows in runs: those outside the article are folded if there are several in a row."""
    for outside, some in groupby(rows, key=lambda row: row.category == "left"):
        lines = list(some)
        yield _Run(lines=lines, folded=outside and len(lines) >= _FOLD_FROM)


def _read_template(name: str) -> str:
    return files("newsarchive.explain").joinpath("templates", name).read_text("utf-8")


_ENVIRONMENT = Environment(loader=FunctionLoader(_read_template), autoescape=True, trim_blocks=True)
