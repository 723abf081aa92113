"""X-Robots-Tag: response headers by which a site asks robots for something."""

import re
from collections.abc import Iterable

_ROBOTS = frozenset({"robots", "googlebot", "newsarchive"})
"""Robots whose rules are obeyed, as those of robots meta elements are; rules that name none are for all."""
_NAME = re.compile(r"\s*([\w-]+)\s*:(.*)", re.DOTALL)
_WITH_VALUE = frozenset({"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})
"""Rules that have a colon; any other name before one is that of a robot, for the rules up to the next."""


def asks_noarchive(headers: Iterable[tuple[str, str]]) -> bool:
    """Return whether an X-Robots-Tag among HTTP headers says noarchive, to all robots or to one that is obeyed.

    >>> tags = "max-snippet: 5, noarchive", "maxbot: noarchive", "otherbot: none, robots: noarchive"
    >>> [asks_noarchive([("X-Robots-Tag", tag)]) for tag in tags]
    [True, False, True]
    """
    for value in (value for name, value in headers if name.lower() == "x-robots-tag"):
        robot = "robots"
        for part in value.lower().split(","):
            found = _NAME.match(part)
            robot, rule = (found[1], found[2]) if found and found[1] not in _WITH_VALUE else (robot, part)
            if robot in _ROBOTS and "noarchive" in rule:
                return True
    return False
