"""The srcset attribute: addresses, each with what it is for (HTML, "parse a srcset attribute")."""

import re
from collections.abc import Iterator

_NEXT = re.compile(r"[\s,]*+(\S++)")
_DESCRIPTOR = re.compile(r"((?:\([^)]*+\)|[^,(])*+)(?:,|\Z)")
MOST = 100


def candidates(value: str) -> Iterator[tuple[str, str]]:
    """Yield addresses as they are written, and their descriptors ("2x", "640w", or "").

    >>> list(candidates("a.jpg, b,w_4.jpg 640w,c.jpg 2x"))
    [('a.jpg', ''), ('b,w_4.jpg', '640w'), ('c.jpg', '2x')]
    """
    at = 0
    for _ in range(MOST):
        found = _NEXT.match(value, at)
        if found is None:
            return
        url, at = found[1], found.end()
        bare = url.rstrip(",")
        if bare != url:
            yield bare, ""
            continue
        descriptor = _DESCRIPTOR.match(value, at)
        at = descriptor.end() if descriptor else len(value)
        yield url, descriptor[1].strip() if descriptor else ""


def joined(found: list[tuple[str, str]]) -> str:
    """Return addresses and descriptors as a srcset has them; commas in an address would end it."""
    return ", ".join(f"{url.replace(',', '%2C')} {descriptor}".strip() for url, descriptor in found)
