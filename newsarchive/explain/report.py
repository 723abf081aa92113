"""An explanation as one HTML file: the page's text in its order, each line marked with its role and what gave it.

Nothing of the page's own markup goes into the file, only its text, which is escaped, and its http(s) links. So there
is nothing that could run or be fetched, and the file's own Content-Security-Policy forbids it once more.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby

from jinja2 import Environment, FunctionLoader
from markupsafe import Markup

from newsarchive.explain import wording
from newsarchive.explain.explanation import UNTOLD, Explanation, Line
from newsarchive.version import VERSION
from storage.model import Link, Role

_FOLDED = 3
"""Lines in a row that were left out, from which on they are folded."""
_WORDS = 140
"""Characters of them that are shown then."""
_BEFORE = 8
"""Lines before a group's first link among which its label is looked for."""
_FORMS = {Role.HEADING: "heading", Role.QUOTE: "quote", Role.LIST: "list", Role.CODE: "code", Role.DEK: "dek"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One line as it is shown."""

    sort: str
    """body, headline, around, links, label (of links) or left."""
    name: str
    """Its role."""
    look: str
    pieces: tuple[tuple[str, str], ...]
    """(text, URL): "" for what is no link."""
    why: str
    place: str
    link_kind: str
    first_of: int | None
    """The link group that begins here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """Lines in a row that are shown, or folded."""

    lines: Sequence[_Row]
    folded: bool

    @property
    def words(self) -> str:
        """What they begin with."""
        return " · ".join("".join(text for text, _ in row.pieces) for row in self.lines)[:_WORDS]


def proof(told: Explanation) -> str:
    """Return the file's text."""
    rows = list(_rows(told))
    article = told.reading.article
    style = _text("proof.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    headline = next((each.value for each in told.fields if each.name == "headline"), "")
    return _environment().get_template("proof.html").render(
        told=told,
        version=VERSION,
        headline=headline or told.reading.title or "(untitled)",
        kind=wording.kind(told),
        points=wording.points(told),
        fields=[wording.verdict(each) for each in told.fields if each.value or each.claims],
        nothing=[wording.verdict(each).name for each in told.fields if not each.value and not each.claims],
        legend=_legend(rows),
        runs=list(_runs(rows)),
        language=article.language if article else None,
        style=Markup(style),  # noqa: S704 - our own file
        style_hash=f"sha256-{digest}",
    )  # fmt: skip


def _rows(told: Explanation) -> Iterator[_Row]:
    begun: set[int] = set()
    labels = _labels(told)
    for number, line in enumerate(told.lines):
        group = line.group
        first = group if group is not None and group not in begun else None
        begun.update(() if group is None else (group,))
        sort = "label" if number in labels else _sort(line)
        yield _Row(
            sort=sort,
            name=line.role.value if line.role is not None and sort != "links" else sort,
            look="headline" if line.is_headline else _FORMS.get(line.role, "") if line.role else "",
            pieces=_pieces(line.text, line.links),
            why=_why(line),
            place=line.place,
            link_kind=told.groups[group].kind.value if group is not None else "",
            first_of=first,
        )


def _labels(told: Explanation) -> set[int]:
    """Return the lines that are the label of a link group: the nearest before its first link that says the same."""
    found: set[int] = set()
    for number, group in enumerate(told.groups):
        first = next((at for at, line in enumerate(told.lines) if line.group == number), 0)
        before = range(first - 1, max(-1, first - _BEFORE), -1)
        found.update([at for at in before if group.label and told.lines[at].text == group.label][:1])
    return found


def _sort(line: Line) -> str:
    if line.is_headline:
        return "headline"
    if line.is_body:
        return "body"
    if line.group is not None:
        return "links"
    return "left" if line.role is None else "around"


def _why(line: Line) -> str:
    hints = f" (in: {', '.join(line.around)})" if line.around else ""
    rule = "a link to another article" if line.group is not None and line.rule == UNTOLD.rule else line.rule
    role = f"{line.role.value}: " if line.role is not None and _sort(line) == "links" else ""
    return f"{role}{rule}{hints}"


def _pieces(text: str, links: Sequence[Link]) -> tuple[tuple[str, str], ...]:
    """Return a text cut into what is a link and what is not."""
    found: list[tuple[str, str]] = []
    at = 0
    for link in links:
        start = text.find(link.anchor, at) if link.anchor else -1
        if start < 0:
            continue
        found += [(text[at:start], ""), (link.anchor, link.url)]
        at = start + len(link.anchor)
    return tuple(piece for piece in (*found, (text[at:], "")) if piece[0])


def _runs(rows: Sequence[_Row]) -> Iterator[_Run]:
    """Yield what is shown, and folded what was left out for some lines in a row."""
    for left, some in groupby(rows, key=lambda row: row.sort == "left"):
        lines = list(some)
        yield _Run(lines=lines, folded=left and len(lines) > _FOLDED)


def _legend(rows: Sequence[_Row]) -> list[tuple[str, int, str]]:
    """Return (role, lines, sort) of what is on the page, the most frequent first, what was left out last."""
    counts = Counter((row.name, row.sort) for row in rows)
    order = sorted(counts.items(), key=lambda item: (item[0][1] == "left", -item[1]))
    return [(name, count, sort) for (name, sort), count in order]


@cache
def _environment() -> Environment:
    return Environment(loader=FunctionLoader(_text), autoescape=True, trim_blocks=True)


def _text(name: str) -> str:
    return files("newsarchive.explain").joinpath("templates", name).read_text("utf-8")
