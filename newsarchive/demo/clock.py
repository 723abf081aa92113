"""The newsroom's own time: stands still until it is set, or runs on from a moment."""

import threading
import time
from datetime import UTC, datetime, timedelta

OPENS = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
"""The moment at which tests and the demo come by first: a Monday morning. What happens later, happens at fixed
moments after it."""


class Clock:
    """Tells the newsroom's time. Set and advanced from any thread."""

    def __init__(self, at: datetime = OPENS, *, runs: bool = False) -> None:
        self._lock = threading.Lock()
        self._runs = runs
        self._at = at
        self._since = time.monotonic()

    def now(self) -> datetime:
        """Return the newsroom's time, aware and UTC."""
        with self._lock:
            if not self._runs:
                return self._at
            return self._at + timedelta(seconds=time.monotonic() - self._since)

    def set(self, at: datetime) -> None:
        """Go to a moment, forward or back."""
        if at.tzinfo is None:
            raise ValueError(f"{at.isoformat()} has no time zone; the newsroom's clock is UTC")
        with self._lock:
            self._at = at.astimezone(UTC)
            self._since = time.monotonic()

    def advance(self, by: timedelta) -> datetime:
        """Go on by a span of time; return where the clock stands then."""
        self.set(self.now() + by)
        return self.now()
