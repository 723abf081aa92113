"""The words in which an explanation is shown: names of sources, dates, scores."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from newsarchive.explain.explanation import Explanation, FieldExplanation
from newsarchive.extract.evidence import FieldClaim
from storage.page_date import PageDate

SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "elsewhere": "a date elsewhere on the page",
        "feed": "the feed that listed the page",
        "json-ld": "JSON-LD",
        "layout": "the site's layout",
        "meta": "a meta element",
        "microdata": "microdata",
        "modified": "the date of the last change",
        "page URL": "the URL of the page",
        "relative": "the visible page, counted back from the fetch",
        "script": "the data of a script",
        "sitemap": "the sitemap that listed the page",
        "time": "a <time> element",
        "title": "the title or description of the page",
        "url": "a date in the URL",
        "visible": "the visible page",
    }
)
"""Readable names of the sources of claims; sources that are not listed are readable as they are."""
LABELS: Mapping[str, str] = MappingProxyType({"canonical_url": "canonical"})
_ALMOST_CERTAIN = 0.994
_DATES = frozenset({"published", "modified"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSummary:
    """One field as it is shown."""

    name: str
    value: str
    """"" for none."""
    by: str
    """The source of the value; "" for none."""
    agree: tuple[str, ...]
    """Other sources with the same value."""
    others: tuple[tuple[str, str], ...]
    """(source, value) of the claims that differ."""

    @property
    def why(self) -> str:
        """The source of the value and the sources that agree, as one line."""
        if not self.by:
            return "not given on the page"
        agree = f"; {_join_names(self.agree)} {'agrees' if len(self.agree) == 1 else 'agree'}" if self.agree else ""
        return f"{self.by}{agree}"


def summarize_field(field: FieldExplanation) -> FieldSummary:
    """Return a field with the source of its value, the sources that agree, and those that differ."""
    taken = next((claim for claim in field.claims if claim.taken), None)
    rest = [claim for claim in field.claims if claim is not taken]
    same = [claim for claim in rest if taken is not None and _comparable(claim) == _comparable(taken)]
    return FieldSummary(
        name=LABELS.get(field.name, field.name),
        value=format_value(field.name, field.value),
        by=source_name(taken) if taken else "",
        agree=tuple(dict.fromkeys(source_name(claim) for claim in same)),
        others=tuple(
            (source_name(claim), format_value(field.name, claim.value)) for claim in rest if claim not in same
        ),
    )


def source_name(claim: FieldClaim) -> str:
    """Return the readable name of the source of a claim."""
    return SOURCES.get(claim.source, claim.source)


def format_value(name: str, value: str) -> str:
    """Return the value of a field as it is shown.

    >>> format_value("published", "2026-05-19T06:00:00+00:00")
    '2026-05-19 06:00 UTC'
    """
    if name not in _DATES or not value:
        return value
    return PageDate.parse(value).describe()


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


def _join_names(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
