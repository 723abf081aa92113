"""Read access to the index, with exclusions for those who publish the archive."""

from collections.abc import Callable, Iterator
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from storage.index.engine.database import Database
from storage.index.views.exclusions import NO_EXCLUSIONS, Exclusions

P = ParamSpec("P")
T = TypeVar("T")


class Reader:
    """Runs queries: functions of a connection, the exclusions, and arguments of their own.

    reader.ask(get_article, 17)
    reader.stream(iter_captures, CaptureFilters(site="gazette"), order="oldest")

    The Reader passes its exclusions, so no caller can forget them. An Index is a Reader that excludes nothing.
    """

    def __init__(self, database: Database, exclude: Exclusions = NO_EXCLUSIONS, timeout: float | None = None) -> None:
        self._database = database
        self.exclude = exclude
        self._timeout = timeout

    def excluding(self, exclude: Exclusions, *, timeout: float | None = None) -> "Reader":
        """Return a Reader of the same index with exclusions; a query that runs longer than `timeout` seconds fails."""
        return Reader(self._database, exclude, timeout)

    def ask(self, query: Callable[Concatenate[Connection, Exclusions, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the answer of a query. One that yields rows belongs to `stream`: its connection would be closed."""
        with self._database.read_transaction(timeout=self._timeout) as connection:
            answer = query(connection, self.exclude, *args, **kwargs)
            assert not isinstance(answer, Iterator)
            return answer

    def stream(
        self, query: Callable[Concatenate[Connection, Exclusions, P], Iterator[T]], *args: P.args, **kwargs: P.kwargs
    ) -> Iterator[T]:
        """Yield the rows of a query; a connection is held until the last one, or until the iterator is closed."""
        with self._database.read_transaction(timeout=self._timeout) as connection:
            yield from query(connection, self.exclude, *args, **kwargs)
