"""The looks that were taken at an article: which brought a new version, drawn along a line of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2

from storage.index.views.articles import ArticleView, CaptureView

WIDTH = 300
_MARGIN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One capture of an article's page."""

    capture: CaptureView
    number: int | None
    """Of the version that it shows; None where it shows none: an error, a redirect, gone."""
    changed: bool
    """True where another version was shown at the look before; the first look is no change."""
    x: float
    """Where it stands on the line."""


def looks(article: ArticleView) -> tuple[Look, ...]:
    """All of them, oldest first. On the line the first hours have as much room as the months after them."""
    numbers = {line.id: line.number for line in article.versions}
    captures = article.captures
    places = _places(captures)
    found: list[Look] = []
    before: int | None = None
    for capture, x in zip(captures, places, strict=True):
        number = numbers.get(capture.version_id or 0)
        found.append(
            Look(capture=capture, number=number, changed=number not in (None, before) and before is not None, x=x)
        )
        before = number or before
    return tuple(found)


def _places(captures: Sequence[CaptureView]) -> list[float]:
    """Places on the line by the logarithm of the time since the first."""
    if not captures:
        return []
    first = captures[0].fetched_at
    since = [log2(1 + (capture.fetched_at - first).total_seconds() / 900) for capture in captures]
    longest = max(since) or 1.0
    return [round(_MARGIN + (WIDTH - 2 * _MARGIN) * one / longest, 1) for one in since]
