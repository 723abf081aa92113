"""Addresses of indexes: sqlite:///PATH, in which the path stands as it is, or a URL of PostgreSQL.

A folder may be named `new?q`, `50%20off` or `a#b`: nothing in a path is a query, a fragment or an escape.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from storage.errors import IndexFailure

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

SQLITE = "sqlite:///"


def sqlite_file(address: str) -> Path | None:
    """Return the file of an index in SQLite; None for other databases.

    >>> sqlite_file("sqlite:////news/new?q#1/index.sqlite3"), sqlite_file("postgresql://db/news")
    (PosixPath('/news/new?q#1/index.sqlite3'), None)
    """
    return Path(address.removeprefix(SQLITE)) if address.startswith(SQLITE) else None


def sqlite_address(file: Path) -> str:
    """Return the address of an index in an SQLite file.

    >>> sqlite_address(Path("/news/index.sqlite3"))
    'sqlite:////news/index.sqlite3'
    """
    return f"{SQLITE}{file}"


def parse_address(address: str) -> "URL":
    """Return SQLAlchemy's URL of an index; IndexFailure if it is no address, or of a database that is not supported."""
    # Commands that only read the settings do not need SQLAlchemy, which is slow to import.
    from sqlalchemy.engine import URL, make_url
    from sqlalchemy.exc import ArgumentError

    if (file := sqlite_file(address)) is not None:
        return URL.create("sqlite", database=str(file))
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise IndexFailure.create("bad-address", address=address) from error
    backend = url.get_backend_name()
    if backend != "postgresql":
        raise IndexFailure.create("bad-backend", backend=backend)
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url
