"""Show an explanation: in words, and as an HTML file with the lines of the page in order, each with its role and rule.

Of the page itself only escaped text and http(s) links go into the file, so there is nothing to run or to fetch, and
the Content-Security-Policy of the file forbids both.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import groupby

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from newsarchive.explain.explanation import OUTSIDE, SOURCES, ExplainedLine, Explanation, FieldExplanation
from newsarchive.extract.page_input import FieldClaim
from newsarchive.version import VERSION
from storage.model import Link, Role
from storage.page_date import PageDate

_FOLD_FROM = 4  # lines outside the article in a row from which they are folded
_PREVIEW_LENGTH = 140  # characters of folded lines that are shown
_LABEL_DISTANCE = 8  # lines before the first link of a group among which its label is looked for
_STYLES = {Role.HEADING: "heading", Role.QUOTE: "quote", Role.LIST: "list", Role.CODE: "code", Role.DEK: "dek"}
LABELS: Mapping[str, str] = {"canonical_url": "canonical"}
_ALMOST_CERTAIN = 0.994
_DATES = frozenset({"published", "modified"})
_ENVIRONMENT = Environment(loader=PackageLoader("newsarchive.explain"), autoescape=True, trim_blocks=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One line as it is shown."""

    category: str  # body, headline, around, links, label (of links) or left
    name: str  # its role
    style: str
    segments: tuple[tuple[str, str], ...]  # (text, URL); the URL is "" for text outside links
    why: str
    place: str
    link_kind: str
    first_of: int | None  # the link group that begins here


def render_report(explanation: Explanation) -> str:
    """Return the HTML of the report."""
    rows = list(_rows(explanation))
    counts = Counter((row.name, row.category) for row in rows)
    legend = [(name, count, category) for (name, category), count in counts.items()]
    article = explanation.reading.article
    style = files("newsarchive.explain").joinpath("templates", "report.css").read_text("utf-8")
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
    )


def _rows(explanation: Explanation) -> Iterator[_Row]:
    begun: set[int] = set()
    labels = _label_lines(explanation)
    for number, line in enumerate(explanation.lines):
        group = line.group
        first = group if group is not None and group not in begun else None
        begun.update(() if group is None else (group,))
        category = "label" if number in labels else _categorize(line)
        rule = "a link to another article" if group is not None and line.rule == OUTSIDE.rule else line.rule
        role = f"{line.role.value}: " if line.role is not None and _categorize(line) == "links" else ""
        yield _Row(
            category=category,
            name=line.role.value if line.role is not None and category != "links" else category,
            style="headline" if line.is_headline else _STYLES.get(line.role, "") if line.role else "",
            segments=_split_at_links(line.text, line.links),
            why=f"{role}{rule}" + (f" (in: {', '.join(line.around)})" if line.around else ""),
            place=line.place,
            link_kind=explanation.groups[group].kind.value if group is not None else "",
            first_of=first,
        )


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


def _split_at_links(text: str, links: Sequence[Link]) -> tuple[tuple[str, str], ...]:
    """Return (text, URL) of the parts of a text, the URL "" outside links."""
    found: list[tuple[str, str]] = []
    at = 0
    for link in links:
        start = text.find(link.anchor, at) if link.anchor else -1
        if start >= 0:
            found += [(text[at:start], ""), (link.anchor, link.url)]
            at = start + len(link.anchor)
    return tuple(segment for segment in (*found, (text[at:], "")) if segment[0])


def _runs(rows: Sequence[_Row]) -> Iterator[tuple[Sequence[_Row], str]]:
    """Yield the rows in runs, each with the beginning of its text if it is folded: several in a row left out."""
    for outside, some in groupby(rows, key=lambda row: row.category == "left"):
        lines = list(some)
        text = " · ".join("".join(text for text, _ in row.segments) for row in lines)
        yield lines, text[:_PREVIEW_LENGTH] if outside and len(lines) >= _FOLD_FROM else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSummary:
    """One field as it is shown."""

    name: str
    value: str
    """"" for none."""
    by: str
    """The source of the value; "" for none."""
    others: tuple[tuple[str, str], ...]
    """(source, value) of the claims that differ."""
    why: str
    """The source of the value and the sources that agree, as one line."""


def summarize_field(field: FieldExplanation) -> FieldSummary:
    """Return a field with the source of its value, the sources that agree, and those that differ."""
    taken = next((claim for claim in field.claims if claim.taken), None)
    rest = [claim for claim in field.claims if claim is not taken]
    same = [claim for claim in rest if taken is not None and _comparable(claim) == _comparable(taken)]
    others = [claim for claim in rest if claim not in same]
    *first, last = dict.fromkeys(source_name(claim) for claim in same) or ("",)
    agree = f"; {', '.join(first)} and {last} agree" if first else f"; {last} agrees" if last else ""
    return FieldSummary(
        name=LABELS.get(field.name, field.name),
        value=format_value(field.name, field.value),
        by=source_name(taken) if taken else "",
        others=tuple((source_name(claim), format_value(field.name, claim.value)) for claim in others),
        why=f"{source_name(taken)}{agree}" if taken else "not given on the page",
    )


def source_name(claim: FieldClaim) -> str:
    """Return the readable name of the source of a claim."""
    return SOURCES.get(claim.source, claim.source)


def format_value(name: str, value: str) -> str:
    """Return the value of a field as it is shown.

    >>> format_value("published", "2026-05-19T06:00:00+00:00")
    '2026-05-19 06:00 UTC'
    """
    return PageDate.parse(value).describe() if name in _DATES and value else value


def describe_outcome(explanation: Explanation) -> str:
    """Return the outcome of the page and its confidence."""
    reading = explanation.reading
    # A score is never certain, and 100% would be a matter of rounding.
    almost = explanation.score_parts and reading.confidence > _ALMOST_CERTAIN
    confidence = "over 99%" if almost else f"{reading.confidence:.0%}"
    return f"{reading.outcome.value.replace('_', ' ').capitalize()}, {confidence} sure"


def sorted_points(explanation: Explanation) -> tuple[tuple[str, str], ...]:
    """Return (points, reason) of the article score, most points first."""
    parts = sorted(explanation.score_parts, key=lambda part: -abs(part[0]))
    return tuple((f"{points:+.1f}", reason.removeprefix("(").removesuffix(")")) for points, reason in parts)


def _comparable(claim: FieldClaim) -> str:
    if claim.field in _DATES and claim.value and not (date := PageDate.parse(claim.value)).is_day:
        return date.at.isoformat()
    return " ".join(claim.value.casefold().split())
