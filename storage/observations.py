"""Observations of an article: which text was seen when, as spans of looks, and the kinds of change between texts.

    looks    1 1 1 - 2 2 gone 1        "-": a look that showed neither the article nor that it is gone
    spans    [  1  ] [ 2 ] [gone] [1, changed back]

What stood between two looks is not known, so a span is from its first to its last look and never to the next span.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from storage.model import Outcome


class ChangeKind(StrEnum):
    """Kind of a change that makes a version."""

    HEADLINE = "headline"
    DEK = "dek"
    BODY = "body"
    BYLINE = "byline"
    SECTION = "section"
    CAPTION = "caption"
    CORRECTION = "correction"


class MetadataField(StrEnum):
    """Field whose change is an event of the article and makes no version."""

    PUBLISHED = "published"
    MODIFIED = "modified"
    TAGS = "tags"
    IMAGE = "image"


class ObservedState(StrEnum):
    """State in which a look found the article."""

    SHOWN = "shown"
    """A text of the article."""
    GONE = "gone"
    """404, 410, or a page that says so."""
    MOVED = "moved"
    """A redirect to a page that is none of the article's addresses."""


STATES_WITHOUT_TEXT = {
    Outcome.GONE: ObservedState.GONE,
    Outcome.SOFT_404: ObservedState.GONE,
    Outcome.REDIRECT: ObservedState.MOVED,
}
"""Outcomes that say something of an article although they show no text; errors, challenges and the like do not."""


class ChangeEvent(StrEnum):
    """Event of an article between two looks."""

    EDITED = "edited"
    GONE = "gone"
    MOVED = "moved"
    BACK = "back"
    """Shown again after it was gone or moved; the text may be another one."""


CHANGED_BACK = "changed-back"
"""Kind of an edit after which an earlier version stands again."""


class Look(NamedTuple):
    """One capture of an article."""

    at: datetime
    state: ObservedState
    version: int | None
    """Number of the version that it shows; None if it shows none."""
    capture_id: int = 0
    """Id of the capture in the index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedSpan:
    """Looks in a row that found the same. Between its last look and the next span the state is not known."""

    state: ObservedState
    version: int | None
    """Number of the version; None unless a text was shown."""
    first_seen: datetime
    last_seen: datetime
    looks: int
    changed: tuple[str, ...] = ()
    """Kinds of change from the text that was seen before; empty if it was the same, or none was seen."""
    is_changed_back: bool = False
    """True if the text differs from the one seen before, and had been seen before that."""
    is_back: bool = False
    """True if the article was gone or moved before."""


class MetadataEvent(NamedTuple):
    """A changed date, tag or image address between two captures of one URL, without a change of the text's version."""

    field: str
    old: str | None
    """As text: times ISO 8601, tags joined by "; "; None for none."""
    new: str | None
    seen_before: datetime
    """Time of the capture with the old value."""
    seen: datetime
    """Time of the capture with the new value."""
    record_before: str
    """Record id of the capture with the old value."""
    record: str
    """Record id of the capture with the new value."""


def compare_parts(before: str, after: str) -> tuple[str, ...]:
    """Return the kinds of change between two versions by the digests of their parts, in the order of ChangeKind.

    >>> compare_parts("headline:1a body:2b", "headline:1a body:2c byline:9")
    ('body', 'byline')
    """
    old, new = (dict(part.split(":", 1) for part in parts.split()) for parts in (before, after))
    return tuple(kind.value for kind in ChangeKind if old.get(kind.value) != new.get(kind.value))


def build_spans(looks: Iterable[Look], parts: Mapping[int, str]) -> tuple[ObservedSpan, ...]:
    """Return what was seen when, oldest first, from looks in the order of time; `parts`: of versions, by number."""
    spans: list[ObservedSpan] = []
    for _, run in groupby(looks, key=lambda look: (look.state, look.version)):
        spans.append(_build_span(list(run), spans, parts))
    return tuple(spans)


def _build_span(run: list[Look], before: list[ObservedSpan], parts: Mapping[int, str]) -> ObservedSpan:
    first, last = run[0], run[-1]
    shown = [span.version for span in before if span.version is not None]
    changed: tuple[str, ...] = ()
    differs = first.version is not None and bool(shown) and shown[-1] != first.version
    if differs and first.version is not None:
        changed = compare_parts(parts.get(shown[-1], ""), parts.get(first.version, ""))
    return ObservedSpan(
        state=first.state,
        version=first.version,
        first_seen=first.at,
        last_seen=last.at,
        looks=len(run),
        changed=changed,
        is_changed_back=differs and first.version in shown,
        is_back=first.version is not None and bool(before) and before[-1].version is None and bool(shown),
    )


def look_of(at: datetime, outcome: Outcome, version: int | None, *, is_moved: bool) -> Look | None:
    """Return a capture as a look, or None; `is_moved`: a redirect leads to none of the article's addresses."""
    if version is not None:
        return Look(at, ObservedState.SHOWN, version)
    state = STATES_WITHOUT_TEXT.get(outcome)
    if state is None or (state is ObservedState.MOVED and not is_moved):
        return None
    return Look(at, state, None)
