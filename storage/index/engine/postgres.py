"""How PostgreSQL is connected to: a peer that is gone is noticed within seconds, at both ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.engine import URL, make_url

from storage.errors import IndexFailure

if TYPE_CHECKING:
    import psycopg

CLIENT = {
    "keepalives": "1",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "8000",
}
"""What libpq is told: it gives up a server that has not answered for some ten seconds."""
SERVER = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "3",
    "tcp_keepalives_count": "2",
    "tcp_user_timeout": "16000",
    # Our questions are short, and compiling one takes longer than answering it.
    "jit": "off",
}
"""What the server is told of a session: one whose machine is gone ends within some sixteen seconds, and with it the
locks that it holds. Later than the client gives up: nobody else may begin before."""


def tuned(url: URL, *, patience: int = 10, **server: str) -> dict[str, str]:
    """Arguments of libpq for a session, besides whom to connect to; what the URL says itself goes first.

    `patience` is for how many seconds a connection is waited for; `server` are more of the server's settings.

    >>> tuned(make_url("postgresql://host/name"), patience=3)["connect_timeout"]
    '3'
    """
    said = {name: value for name, value in url.query.items() if isinstance(value, str)}
    options = " ".join(f"-c {name}={value}" for name, value in (SERVER | server).items())
    return {"connect_timeout": str(patience), **CLIENT, **said, "options": f"{options} {said.get('options', '')}"}


def conninfo(url: str, **server: str) -> str:
    """The address of an index as libpq takes it, password and all, for a session that is soon given up."""
    from psycopg.conninfo import make_conninfo

    made = make_url(url)
    whom = {"host": made.host, "port": made.port, "user": made.username, "password": made.password}
    named = {name: str(value) for name, value in whom.items() if value is not None}
    return make_conninfo(dbname=made.database or "", **{**named, **tuned(made, patience=3, **server)})


def connect(url: str, **server: str) -> "psycopg.Connection":
    """A session of its own, outside of any pool; each statement is a transaction unless one is begun."""
    import psycopg

    with naming_refusals(url):
        return psycopg.connect(conninfo(url, **server), autocommit=True)


@contextmanager
def naming_refusals(url: str) -> Iterator[None]:
    """Turn what the driver says into our error."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        said = " ".join(str(error).split())
        made = make_url(url)
        name = made.render_as_string(hide_password=True)
        if isinstance(error, psycopg.errors.InsufficientPrivilege):
            raise IndexFailure(
                f"the index {name} cannot be used by several processes: {said}. Nothing was done. Its user has to have "
                "a schema in which they agree; as the database's owner, once: CREATE SCHEMA newsarchive_jobs "
                f"AUTHORIZATION {made.username or 'the_user'}"
            ) from error
        raise IndexFailure(
            f"the index {name} cannot be used: {said}. The WARC files are untouched. "
            "See what is wrong with: newsarchive doctor"
        ) from error


def beside(connection: "psycopg.Connection") -> str:
    """Name of the schema in which machines agree: beside the index's own, so that Alembic does not see it."""
    row = connection.execute("SELECT current_schema()").fetchone()
    own = row[0] if row and row[0] else "public"
    return "newsarchive_jobs" if own == "public" else f"{own}_jobs"
