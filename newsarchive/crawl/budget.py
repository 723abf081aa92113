"""What one site may take of a run: requests, bytes, time; and the hours in which it may be asked at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from newsarchive.config.hours import Hours
from newsarchive.config.units import about


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Limits of one site in one run; 0: none."""

    pages: int = 0
    size: int = 0
    """Bytes on the wire."""
    seconds: float = 0.0
    hours: Hours | None = None
    """None: at any time."""


NO_LIMIT = Budget()


class Budgets:
    """What the sites of a run have spent. Times are of a monotonic clock."""

    def __init__(self, budgets: Mapping[str, Budget], begin: float, notes: list[str] | None = None) -> None:
        self._budgets = {site: budget for site, budget in budgets.items() if budget != NO_LIMIT}
        self._begin = begin
        self._pages: dict[str, int] = {}
        self._size: dict[str, int] = {}
        self._over: dict[str, str] = {}
        self.notes: list[str] = [] if notes is None else notes
        """Sites that are not asked any more, and why, a line each."""

    def asked(self, site: str) -> None:
        """Note a request."""
        if site in self._budgets:
            self._pages[site] = self._pages.get(site, 0) + 1

    def got(self, site: str, size: int) -> None:
        """Note an answer."""
        if site in self._budgets:
            self._size[site] = self._size.get(site, 0) + size

    def exhausted(self, site: str, clock: float, now: datetime) -> str | None:
        """Why nothing more is asked of a site in this run; None where something may be."""
        budget = self._budgets.get(site)
        if budget is None:
            return None
        if site not in self._over and (why := self._why(site, budget, clock, now)):
            self._over[site] = why
            self.notes.append(f"{site}: {why}")
        return self._over.get(site)

    def _why(self, site: str, budget: Budget, clock: float, now: datetime) -> str | None:
        if budget.hours is not None and not budget.hours.open_at(now):
            return f"outside its hours ({budget.hours})"
        if budget.pages and self._pages.get(site, 0) >= budget.pages:
            return f"its budget of {budget.pages:,} requests is spent"
        if budget.size and self._size.get(site, 0) >= budget.size:
            return f"its budget of {about(budget.size)} is spent"
        if budget.seconds and clock - self._begin >= budget.seconds:
            return f"its budget of {budget.seconds:,.0f} s is spent"
        return None
