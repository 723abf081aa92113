"""Connections to PostgreSQL, with timeouts by which both ends notice a lost peer within seconds."""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING

from sqlalchemy.engine import URL, make_url

from storage.errors import IndexFailure

if TYPE_CHECKING:
    import psycopg

_PARAMETERS = tomllib.loads(files("storage.index.engine").joinpath("postgres.toml").read_text("utf-8"))


def libpq_parameters(url: URL, *, connect_timeout: int = 10, **server: str) -> dict[str, str]:
    """Return libpq's parameters of a session, without the address; those in the URL have precedence.

    `connect_timeout` is in seconds; `server` are more parameters of the server session.

    >>> libpq_parameters(make_url("postgresql://host/name"), connect_timeout=3)["connect_timeout"]
    '3'
    """
    given = {name: value for name, value in url.query.items() if isinstance(value, str)}
    options = " ".join(f"-c {name}={value}" for name, value in (_PARAMETERS["server"] | server).items())
    return {
        "connect_timeout": str(connect_timeout),
        **_PARAMETERS["client"],
        **given,
        "options": f"{options} {given.get('options', '')}",
    }


def conninfo(url: str, **server: str) -> str:
    """Return libpq's connection string of an index, with password and a short connection timeout."""
    from psycopg.conninfo import make_conninfo

    made = make_url(url)
    address = {"host": made.host, "port": made.port, "user": made.username, "password": made.password}
    named = {name: str(value) for name, value in address.items() if value is not None}
    return make_conninfo(dbname=made.database or "", **{**named, **libpq_parameters(made, connect_timeout=3, **server)})


def connect(url: str, **server: str) -> "psycopg.Connection":
    """Open a session outside of any pool, in autocommit mode."""
    import psycopg

    with translate_driver_errors(url):
        return psycopg.connect(conninfo(url, **server), autocommit=True)


@contextmanager
def translate_driver_errors(url: str) -> Iterator[None]:
    """Translate errors of the driver into ours."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        message = " ".join(str(error).split())
        made = make_url(url)
        name = made.render_as_string(hide_password=True)
        if isinstance(error, psycopg.errors.InsufficientPrivilege):
            raise IndexFailure.create(
                "no-jobs-schema", name=name, message=message, username=made.username or "the_user"
            ) from error
        raise IndexFailure.create("index-unusable", name=name, message=message) from error


def enter_jobs_schema(session: "psycopg.Connection") -> str:
    """Make the schema of leases and jobs a new session's own, and return its name. Alembic does not see it there."""
    row = session.execute("SELECT current_schema()").fetchone()
    own = row[0] if row and row[0] else "public"
    schema = "newsarchive_jobs" if own == "public" else f"{own}_jobs"
    session.execute("SELECT set_config('search_path', quote_ident(%s), false)", (schema,))
    return schema
