"""Limits of a site in one run: requests, bytes and time, and the hours in which it is crawled."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from newsarchive.config.units import Hours, humanize_size


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Limits of one site in one run; 0: no limit."""

    pages: int = 0
    size: int = 0
    """Bytes on the wire."""
    seconds: float = 0.0
    hours: Hours | None = None
    """None: at any time."""


NO_LIMIT = Budget()


class Budgets:
    """Usage of the budgets of a run's sites. Times are of a monotonic clock."""

    def __init__(self, budgets: Mapping[str, Budget], begin: float, notes: list[str] | None = None) -> None:
        self._budgets = {site: budget for site, budget in budgets.items() if budget != NO_LIMIT}
        self._begin = begin
        self._pages: Counter[str] = Counter()
        self._size: Counter[str] = Counter()
        self._exhausted: dict[str, str] = {}
        self.notes: list[str] = [] if notes is None else notes
        """A line for each site that has reached a limit."""

    def record_request(self, site: str) -> None:
        """Count a request."""
        self._pages[site] += 1

    def record_response(self, site: str, size: int) -> None:
        """Count the bytes of a response."""
        self._size[site] += size

    def exhausted_reason(self, site: str, clock: float, now: datetime) -> str | None:
        """Return why a site gets no more requests in this run; None if it may get some."""
        budget = self._budgets.get(site)
        if budget is None or site in self._exhausted:
            return self._exhausted.get(site)
        if budget.hours is not None and not budget.hours.contains(now):
            reason = f"outside its hours ({budget.hours})"
        elif budget.pages and self._pages[site] >= budget.pages:
            reason = f"its budget of {budget.pages:,} requests is spent"
        elif budget.size and self._size[site] >= budget.size:
            reason = f"its budget of {humanize_size(budget.size)} is spent"
        elif budget.seconds and clock - self._begin >= budget.seconds:
            reason = f"its budget of {budget.seconds:,.0f} s is spent"
        else:
            return None
        self._exhausted[site] = reason
        self.notes.append(f"{site}: {reason}")
        return reason
