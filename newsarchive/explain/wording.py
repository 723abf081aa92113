"""What an explanation says, in words: who said what of a field, and whether others agree."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from newsarchive.explain.explanation import Explanation, FieldTold
from newsarchive.extract.evidence import Claim

SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "feed": "the feed that named the page",
        "its own": "the page's own address",
        "json-ld": "JSON-LD",
        "layout": "the site's layout",
        "meta": "a meta element",
        "microdata": "microdata",
        "sitemap": "the sitemap that named the page",
        "time": "a <time> element",
        "url": "the page's address",
        "visible": "the visible page",
    }
)
"""What the reading code calls its sources, as people call them; others speak for themselves."""
NAMES: Mapping[str, str] = MappingProxyType({"canonical_url": "canonical"})
_NEARLY = 0.994
_DATES = frozenset({"published", "modified"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One field as it is shown."""

    name: str
    value: str
    """"" for nothing."""
    by: str
    """What gave it; "" where nothing did."""
    agree: tuple[str, ...]
    """What says the same."""
    others: tuple[tuple[str, str], ...]
    """(what, value) of what says something else."""

    @property
    def why(self) -> str:
        """What gave it and what agrees, as one line."""
        if not self.by:
            return "nothing on the page gives it"
        agree = f"; {_listed(self.agree)} {'agrees' if len(self.agree) == 1 else 'agree'}" if self.agree else ""
        return f"{self.by}{agree}"


def verdict(told: FieldTold) -> Verdict:
    """Return a field with what gave it, what agrees and what does not."""
    taken = next((claim for claim in told.claims if claim.taken), None)
    rest = [claim for claim in told.claims if claim is not taken]
    same = [claim for claim in rest if taken is not None and _says(claim) == _says(taken)]
    return Verdict(
        name=NAMES.get(told.name, told.name),
        value=shown(told.name, told.value),
        by=source(taken) if taken else "",
        agree=tuple(dict.fromkeys(source(claim) for claim in same)),
        others=tuple((source(claim), shown(told.name, claim.value)) for claim in rest if claim not in same),
    )


def source(claim: Claim) -> str:
    """Return what says something, as people call it."""
    return SOURCES.get(claim.source, claim.source)


def shown(name: str, value: str) -> str:
    """Return a value as people read it.

    >>> shown("published", "2026-05-19T06:00:00+00:00")
    '2026-05-19 06:00 UTC'
    """
    if name not in _DATES or not value:
        return value
    return datetime.fromisoformat(value).strftime("%Y-%m-%d %H:%M UTC")


def kind(explained: Explanation) -> str:
    """Return what the page was taken for, and how sure that is."""
    reading = explained.reading
    # What is weighed is never certain; the figure is rounded.
    sure = "over 99%" if explained.weights and reading.confidence > _NEARLY else f"{reading.confidence:.0%}"
    return f"{reading.outcome.value.replace('_', ' ').capitalize()}, {sure} sure"


def points(explained: Explanation) -> tuple[tuple[str, str], ...]:
    """Return (points, what) of all that was weighed, the heaviest first."""
    parts = sorted(explained.weights, key=lambda part: -abs(part[0]))
    return tuple((f"{number:+.1f}", what.removeprefix("(").removesuffix(")")) for number, what in parts)


def _says(claim: Claim) -> str:
    return " ".join(claim.value.casefold().split())


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
