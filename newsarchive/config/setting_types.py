"""Types of settings: each parses a value from tomllib and says what the value must be."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from newsarchive.config import units
from newsarchive.config.units import Hours

T_co = TypeVar("T_co", covariant=True)
_S3 = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._/=-]+)?")
"""Bucket names by Amazon's rules; a key or password does not match."""


@dataclass(frozen=True, slots=True)
class SettingType(Generic[T_co]):
    """A type of setting."""

    name: str
    """Its name in the documentation."""
    parse: Callable[[object], T_co]
    """Converts a value from tomllib; ValueError says what the value must be."""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text in quotes")
    return value


def _path(value: object) -> Path:
    if not _text(value):
        raise ValueError("must be a path")
    return Path(_text(value)).expanduser()


def _name(value: object) -> str:
    # Site names are used in names of lock files, in URLs and on command lines.
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", _text(value)):
        raise ValueError("must be letters, digits, dots, hyphens and underscores, beginning with a letter or digit")
    return _text(value)


def _url(value: object) -> str:
    """Accept absolute URLs only: "news.example" without a scheme could mean two."""
    try:
        parts = urlsplit(_text(value))
        valid = parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = None
    if not valid or parts.scheme not in ("http", "https"):
        raise ValueError("must be a URL that begins with http:// or https://")
    return _text(value)


def _url_or_path(value: object) -> str:
    """Accept whatever can be joined with the site's own URL."""
    text = _text(value)
    try:
        urlsplit(text)
    except ValueError:
        raise ValueError("must be URLs that begin with http:// or https://, or paths on the site") from None
    return text


def _base_url(value: object) -> str:
    return _url(value).rstrip("/") if value != "" else ""


def _bucket(value: object) -> str:
    url = _text(value).rstrip("/")
    if url and not (_S3.fullmatch(url) or (url.startswith("file:///") and len(url) > len("file:///"))):
        raise ValueError('must be "s3://NAME", "s3://NAME/PREFIX" or "file:///FOLDER", without a key or password')
    return url


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false, without quotes")
    return value


def _noarchive(value: object) -> str:
    if value not in {"obey", "note"}:
        raise ValueError('must be "obey" or "note"')
    return str(value)


def _integer(value: object, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"must be a whole number, {least} or more")
    return value


def _port(value: object) -> int:
    if (port := _integer(value, 0)) > 65535:
        raise ValueError("must be a port, 0 to 65535")
    return port


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise ValueError("must be a number of seconds, 0 or more")
    return float(value)


def _size(value: object) -> int:
    size = value if isinstance(value, int) and not isinstance(value, bool) else units.parse_size(_text(value))
    if size < 1:
        raise ValueError("must be a size of at least one byte")
    return size


def _duration(value: object) -> timedelta:
    return units.parse_duration(_text(value))


def _positive_duration(value: object) -> timedelta:
    if not (duration := _duration(value)):
        raise ValueError("must be a duration above zero")
    return duration


def _hours(value: object) -> Hours:
    return units.parse_hours(_text(value))


def _password_hashes(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError("must be a table")
    for name, each in value.items():
        if not isinstance(each, str) or not each.startswith(("scrypt:", "sha256:")):
            raise ValueError(f'{name} must be a hash that "newsarchive serve" printed: --hash-password or --new-token')
    return dict(value)


def _list_of(parse_item: Callable[[object], T_co]) -> Callable[[object], tuple[T_co, ...]]:
    def parse(value: object) -> tuple[T_co, ...]:
        if not isinstance(value, list):
            raise ValueError("must be a list in square brackets")
        return tuple(parse_item(item) for item in value)

    return parse


TEXT = SettingType("text", _text)
NOARCHIVE = SettingType("obey or note", _noarchive)
TEXT_LIST = SettingType("list of texts", _list_of(_text))
NAME = SettingType("name", _name)
PATH = SettingType("path", _path)
URL = SettingType("URL", _url)
URL_LIST = SettingType("list of URLs, or of paths on the site", _list_of(_url_or_path))
BASE_URL = SettingType("URL", _base_url)
BUCKET = SettingType("URL of a bucket", _bucket)
PORT = SettingType("port", _port)
PASSWORD_HASHES = SettingType("table of hashes", _password_hashes)
BOOLEAN = SettingType("true or false", _boolean)
INTEGER = SettingType("whole number", lambda value: _integer(value, 0))
POSITIVE_INTEGER = SettingType("whole number above 0", lambda value: _integer(value, 1))
SECONDS = SettingType("seconds", _seconds)
SIZE = SettingType("size", _size)
DURATION = SettingType("duration", _duration)
POSITIVE_DURATION = SettingType("duration above 0", _positive_duration)
HOURS = SettingType("hours", _hours)
DURATION_LIST = SettingType("list of durations", _list_of(_positive_duration))
