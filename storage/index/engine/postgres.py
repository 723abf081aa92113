"""Connections to PostgreSQL, with timeouts by which both ends notice a lost peer within seconds."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.engine import URL, make_url

from storage.errors import IndexFailure

if TYPE_CHECKING:
    import psycopg

CLIENT_PARAMETERS = {
    "keepalives": "1",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "8000",
}
"""Parameters of libpq: it gives up a server that has not responded for some ten seconds."""
SERVER_PARAMETERS = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "3",
    "tcp_keepalives_count": "2",
    "tcp_user_timeout": "16000",
    # Our queries are short: compiling one takes longer than running it.
    "jit": "off",
}
"""Parameters of a server session: after its client's machine is lost, it ends within some sixteen seconds, and with it
its locks. That is later than the client gives up, so no other process gets the locks before."""


def libpq_parameters(url: URL, *, connect_timeout: int = 10, **server: str) -> dict[str, str]:
    """Return libpq's parameters of a session, without the address; those in the URL have precedence.

    `connect_timeout` is in seconds; `server` are more parameters of the server session.

    >>> libpq_parameters(make_url("postgresql://host/name"), connect_timeout=3)["connect_timeout"]
    '3'
    """
    given = {name: value for name, value in url.query.items() if isinstance(value, str)}
    options = " ".join(f"-c {name}={value}" for name, value in (SERVER_PARAMETERS | server).items())
    return {
        "connect_timeout": str(connect_timeout),
        **CLIENT_PARAMETERS,
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
            raise IndexFailure(
                f"the index {name} cannot be used by several processes: {message}. Nothing was done. Its user needs a "
                "schema for leases and jobs; run once as the database's owner: CREATE SCHEMA newsarchive_jobs "
                f"AUTHORIZATION {made.username or 'the_user'}"
            ) from error
        raise IndexFailure(
            f"the index {name} cannot be used: {message}. The WARC files are untouched. "
            "See what is wrong with: newsarchive doctor"
        ) from error


def jobs_schema(connection: "psycopg.Connection") -> str:
    """Return the name of the schema of leases and jobs: beside the index's own, so that Alembic does not see it."""
    row = connection.execute("SELECT current_schema()").fetchone()
    own = row[0] if row and row[0] else "public"
    return "newsarchive_jobs" if own == "public" else f"{own}_jobs"
