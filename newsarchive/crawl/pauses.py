"""How long a host is left in peace that refused, or gave no answer. What its speed asks for: courtesy.py."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FIRST_PAUSE = 30.0
"""Seconds after a 429 or 503 that names no time; doubled each time that it is given again, up to an hour."""
LONGEST_PAUSE = 86_400.0
"""Seconds; a Retry-After above that is taken as this."""
PATIENCE = 120.0
"""A run waits so long for a host; what has to wait longer is put off, and the run goes on without it."""
GIVE_UP = 3
"""Connections in a row without an answer, after which a host is left for this run."""
UNREACHABLE = 3_600.0
"""Seconds for which the URLs of a host that gives no answer are put off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """For how long a host is left in peace, and whether it is too long to wait for."""

    seconds: float
    reason: str | None = None
    """Why it is longer than usual, in a few words."""

    @property
    def closes(self) -> bool:
        """Whether the run goes on without the host."""
        return self.reason is not None and self.seconds > PATIENCE


def after_refusal(status: int, retry_after: str | None, refusals: int, now: datetime) -> Pause:
    """After the `refusals`-th 429 or 503 in a row."""
    asked = read_retry_after(retry_after, now)
    seconds = min(FIRST_PAUSE * 2 ** (refusals - 1), 3_600.0) if asked is None else asked
    return Pause(seconds=min(seconds, LONGEST_PAUSE), reason=f"answers {status}")


def after_silence(errors: int, delay: float) -> Pause:
    """After the `errors`-th connection in a row that brought no answer."""
    if errors >= GIVE_UP:
        return Pause(seconds=UNREACHABLE, reason="gives no answer")
    return Pause(seconds=max(delay, 2.0**errors))


def read_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110, 10.2.3); None where it says nothing.

    >>> read_retry_after("120", datetime(2026, 11, 25, tzinfo=UTC))
    120.0
    >>> read_retry_after("Wed, 25 Nov 2026 00:00:30 GMT", datetime(2026, 11, 25, tzinfo=UTC))
    30.0
    """
    if value is None:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - now).total_seconds())
