"""What happens to which article, at fixed moments of the newsroom's clock."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Special:
    """What sets one article apart from the usual ones."""

    in_listings: bool = True
    in_sitemap: bool = True
    in_feeds: bool = True
    in_related: bool = True

    def moments(self) -> tuple[datetime, ...]:
        """Return when something happens to the article after it was published."""
        return ()


PLAIN = Special()


def special(back: int) -> Special:
    """Return what is special about the article that stands so many places before the newest at opening time."""
    return PLAIN
