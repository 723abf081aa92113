"""Amounts as people write them in newsarchive.toml and on the command line: "90 s", "1h", "1GB".

One place reads them and one writes them, so that what is printed can be typed in again.
"""

import re
from datetime import timedelta

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
# Powers of ten, as disks are sold and as WARC tools count; nobody needs to know here that 1 MiB is 1 048 576.
BYTES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}

_AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)", re.ASCII)


def duration(text: str) -> timedelta:
    """Read a length of time: a number and s, m, h, d or w, or several of them in a row.

    >>> duration("90 s"), duration("1h30m")
    (datetime.timedelta(seconds=90), datetime.timedelta(seconds=5400))
    """
    seconds = _sum(text, SECONDS, 'a length of time such as "30s", "10m", "1h" or "7d"')
    try:
        return timedelta(seconds=seconds)
    except OverflowError:
        raise ValueError(f"{text!r} is longer than a calendar can count") from None


def size(text: str) -> int:
    """Read a number of bytes: a number and B, kB, MB, GB or TB, in any case.

    >>> size("1GB"), size("1.5 mb"), size("64 KB")
    (1000000000, 1500000, 64000)
    """
    units = {unit.lower(): factor for unit, factor in BYTES.items()}
    return round(_sum(text, units, 'a size such as "500kB", "64MB" or "1GB"'))


def write_duration(length: timedelta) -> str:
    """Write a length of time in the fewest words that `duration` reads back.

    >>> write_duration(timedelta(hours=1)), write_duration(timedelta(seconds=5430)), write_duration(timedelta(0))
    ('1h', '1h30m30s', '0s')
    """
    left = length.total_seconds()
    words = []
    for unit, factor in (("d", 86400), ("h", 3600), ("m", 60)):
        count, left = divmod(left, factor)
        if count:
            words.append(f"{count:.0f}{unit}")
    if left or not words:
        words.append(f"{left:.6f}".rstrip("0").rstrip(".") + "s")
    return "".join(words)


def write_size(count: int) -> str:
    """Write a number of bytes with the largest unit that leaves no remainder, so that `size` reads the same back.

    >>> write_size(1_000_000_000), write_size(1_500_000), write_size(123)
    ('1GB', '1500kB', '123B')
    """
    for unit, factor in reversed(BYTES.items()):
        if count and count % factor == 0:
            return f"{count // factor}{unit}"
    return f"{count}B"


def about(count: int) -> str:
    """Write a number of bytes for reading, to three digits at most.

    >>> about(999), about(12_345), about(1_234_567_890)
    ('999 B', '12.3 kB', '1.23 GB')
    """
    for unit, factor in reversed(BYTES.items()):
        if count >= factor:
            return f"{count / factor:.3g} {unit}" if count < 1000 * factor else f"{count // factor} {unit}"
    return f"{count} B"


def _sum(text: str, units: dict[str, int], wanted: str) -> float:
    """Add up amounts in a row; a number without a unit is refused, since nobody can tell what its writer meant."""
    total, at, stripped = 0.0, 0, text.strip()
    for found in _AMOUNT.finditer(stripped):
        factor = units.get(found[2].lower())
        if found.start() != at or factor is None:
            break
        total += float(found[1]) * factor
        at = found.end()
    if not stripped or at != len(stripped):
        raise ValueError(f"{text!r} is not {wanted}")
    return total
