"""Callables that components take as arguments, and their defaults: the clock and progress reports."""

from collections.abc import Callable
from datetime import UTC, datetime

from storage.model import NextVisit, VisitResult

ProgressCallback = Callable[[int, int, str], None]
"""Called with the units done, the total units (0 if unknown), and the current item."""
VisitPlan = Callable[[VisitResult], NextVisit]
"""Decides when a URL is fetched next."""


def ignore_progress(*_: object) -> None:
    """Do nothing: the default of progress reports and similar notifications."""


def utc_now() -> datetime:
    """Return the current time, aware and UTC."""
    return datetime.now(UTC)
