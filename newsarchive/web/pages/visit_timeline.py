"""Timeline of the visits to an article: which of them found a new version."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2

from storage.index.views.articles import ArticleView, CaptureView

WIDTH = 300
_MARGIN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleVisit:
    """One capture of an article's page."""

    capture: CaptureView
    number: int | None
    """Number of the version it shows; None for an error, a redirect or a gone page."""
    changed: bool
    """True if the previous visit showed another version; False for the first visit."""
    x: float
    """Position on the line."""


def list_visits(article: ArticleView) -> tuple[ArticleVisit, ...]:
    """Return all visits, oldest first, on a logarithmic scale: changes are most frequent in the first hours."""
    captures = article.captures
    positions = _positions(captures)
    found: list[ArticleVisit] = []
    before: int | None = None
    for capture, x in zip(captures, positions, strict=True):
        number = capture.version_number
        found.append(
            ArticleVisit(
                capture=capture, number=number, changed=number not in (None, before) and before is not None, x=x
            )
        )
        before = number or before
    return tuple(found)


def _positions(captures: Sequence[CaptureView]) -> list[float]:
    """Return positions on the line by the logarithm of the time since the first visit."""
    if not captures:
        return []
    first = captures[0].fetched_at
    since = [log2(1 + (capture.fetched_at - first).total_seconds() / 900) for capture in captures]
    longest = max(since) or 1.0
    return [round(_MARGIN + (WIDTH - 2 * _MARGIN) * one / longest, 1) for one in since]
