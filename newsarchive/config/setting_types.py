"""What a setting's value may be: one `Kind` each reads what tomllib gave and says what it wanted."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from newsarchive.config import units
from newsarchive.config.hours import Hours, read_hours

T_co = TypeVar("T_co", covariant=True)
_S3 = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._/=-]+)?")
"""Names of buckets as Amazon has them; no key or password fits in."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[T_co]):
    """A kind of value."""

    name: str
    """As the docs say it."""
    read: Callable[[object], T_co]
    """Value as tomllib gave it -> value as the program uses it; ValueError says what was wanted."""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("wants text in quotes")
    return value


def _path(value: object) -> Path:
    if not _text(value):
        raise ValueError("wants a path")
    return Path(_text(value)).expanduser()


def _name(value: object) -> str:
    # Site names stand in lock files' names, in URLs and on command lines.
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", _text(value)):
        raise ValueError("wants letters, digits, dots, hyphens and underscores, a letter or digit first")
    return _text(value)


def _url(value: object) -> str:
    """Only absolute URLs: a "news.example" without http:// could mean two addresses."""
    try:
        parts = urlsplit(_text(value))
        there = parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        there = None
    if not there or parts.scheme not in ("http", "https"):
        raise ValueError("wants an address that begins with http:// or https://")
    return _text(value)


def _place(value: object) -> str:
    """An address, or a path on a site: whatever can be put together with the site's own address."""
    text = _text(value)
    try:
        urlsplit(text)
    except ValueError:
        raise ValueError("wants addresses that begin with http:// or https://, or paths on the site") from None
    return text


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("wants true or false, without quotes")
    return value


def _count(value: object, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"wants a whole number, {least} or more")
    return value


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise ValueError("wants a number of seconds, 0 or more")
    return float(value)


def _size(value: object) -> int:
    read = value if isinstance(value, int) and not isinstance(value, bool) else units.size(_text(value))
    if read < 1:
        raise ValueError("wants a size of at least one byte")
    return read


def _duration(value: object) -> timedelta:
    return units.duration(_text(value))


def _span(value: object) -> timedelta:
    if not (read := _duration(value)):
        raise ValueError("wants a length of time above zero")
    return read


def _hours(value: object) -> Hours:
    return read_hours(_text(value))


def _each(one: Callable[[object], T_co]) -> Callable[[object], tuple[T_co, ...]]:
    def read(value: object) -> tuple[T_co, ...]:
        if not isinstance(value, list):
            raise ValueError("wants a list in square brackets")
        return tuple(one(item) for item in value)

    return read


def _port(value: object) -> int:
    if (read := _count(value, 0)) > 65535:
        raise ValueError("wants a port, 0 to 65535")
    return read


def _hashes(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError("wants a table of its own")
    for name, each in value.items():
        if not isinstance(each, str) or not each.startswith("scrypt:"):
            raise ValueError(f'{name} wants what "newsarchive serve --hash-password" prints')
    return dict(value)


def _origin(value: object) -> str:
    return _url(value).rstrip("/") if value != "" else ""


def _bucket(value: object) -> str:
    said = _text(value).rstrip("/")
    if said and not (_S3.fullmatch(said) or (said.startswith("file:///") and len(said) > len("file:///"))):
        raise ValueError('wants "s3://NAME", "s3://NAME/PREFIX" or "file:///FOLDER"; no key or password stands in it')
    return said


TEXT = Kind("text", _text)
TEXTS = Kind("list of texts", _each(_text))
NAME = Kind("name", _name)
PATH = Kind("path", _path)
URL = Kind("address", _url)
ADDRESSES = Kind("list of addresses, or of paths on the site", _each(_place))
ORIGIN = Kind("address", _origin)
BUCKET = Kind("address of a bucket", _bucket)
PORT = Kind("port", _port)
HASHES = Kind("names with hashes", _hashes)
FLAG = Kind("true or false", _flag)
COUNT = Kind("whole number", lambda value: _count(value, 0))
POSITIVE = Kind("whole number above 0", lambda value: _count(value, 1))
SECONDS = Kind("seconds", _seconds)
SIZE = Kind("size", _size)
PAUSE = Kind("time", _duration)
SPAN = Kind("time above 0", _span)
HOURS = Kind("hours", _hours)
SPANS = Kind("list of times", _each(_span))
