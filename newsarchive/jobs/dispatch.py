"""From the schedule to jobs: sites of which something is due, and no others."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from storage.index import Index
from storage.index.cluster.jobs import Desk

LONGEST = 600.0
"""Seconds after which a site is looked at again, whatever its schedule said: a command may have made something due."""
AT_ONCE = 2000
"""Sites that one look is at."""
REST, REST_BUSY, REST_BARREN = 60.0, 15.0, 600.0
"""Seconds for which a site is left alone after a crawl; after one that another crawl was in the way of; after one that
brought nothing, as its hosts want patience or its hours are others."""


def due_sites(desk: Desk, index: Index, sites: Sequence[str], now: datetime) -> list[str]:
    """Sites that are to be crawled now. Of those that are not, it is written down when to look again."""
    looked_at = desk.to_look_at(sites, AT_ONCE)
    if not looked_at:
        return []
    earliest = index.next_due_of(looked_at)
    # Of which nothing is in the schedule: it was never crawled, or all that it names was given up.
    wait = {site: (earliest.get(site, now) - now) / timedelta(seconds=1) for site in looked_at}
    desk.look_again({site: min(seconds, LONGEST) if seconds > 0 else LONGEST for site, seconds in wait.items()})
    return [site for site in looked_at if wait[site] <= 0]
