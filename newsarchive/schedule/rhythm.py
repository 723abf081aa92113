"""How often to look, as the archive's owner wants it."""

from dataclasses import dataclass
from datetime import timedelta

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """The bounds between which the schedule decides."""

    recheck: tuple[timedelta, ...] = (HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY)
    """Ages, since an article appeared or last changed, at which it is looked at again."""
    promptness: timedelta = 25 * MINUTE
    """Time in which an article is to be found, at hours when its source is busy."""
    source_interval: timedelta = 10 * MINUTE
    """Shortest time between two looks at a feed or sitemap."""
    listing_interval: timedelta = 10 * MINUTE
    """The same for front page and sections."""
    source_longest: timedelta = 12 * HOUR
    """No feed, and no sitemap that names young pages, is left alone for longer."""
    listing_longest: timedelta = 6 * HOUR
    """The same for front page and sections: what stood there is worth keeping too."""
    archive_interval: timedelta = 30 * DAY
    """No sitemap is left alone for longer, however old what it names; nothing in it is younger than that."""
    max_failures: int = 4
    """Failures in a row after which an article is given up; sources are asked once a day for ever."""


AS_USUAL = Rhythm()
