"""Read access to the index, with exclusions for those who publish the archive."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from storage.errors import IndexReplaced, SearchDamaged
from storage.index.engine.database import Database, WorkLimit
from storage.index.engine.dialect import freeze_snapshot, read_state
from storage.index.fulltext.folder import FulltextFolder
from storage.index.views.articles import NO_EXCLUSIONS, Exclusions

P = ParamSpec("P")
T = TypeVar("T")


class IndexPin:
    """Keeps several queries to one index: a rebuild may replace it between two of them, with other ids."""

    def __init__(self) -> None:
        self._identity: object = None

    def check(self, database: Database, connection: Connection) -> None:
        """Raise IndexReplaced if another index was queried before."""
        identity = database.identify(connection)
        if self._identity is None:
            self._identity = identity
        elif self._identity != identity:
            raise IndexReplaced(place=database.name)


@dataclass(frozen=True, slots=True)
class ReadScope:
    """Part of an index that a query may read: all but what is to be left out of its answers."""

    connection: Connection
    exclude: Exclusions = NO_EXCLUSIONS


def keep_while_unchanged(scope: ReadScope, query: Callable[[ReadScope], T]) -> T:
    """Return the answer of a query, which a connection asks once for the same exclusions in each state of the index.

    Not in a transaction that writes: SQLite's data_version does not change for a connection's own writes.
    """
    asked = scope.exclude, read_state(scope.connection)
    last: tuple[object, T] | None = scope.connection.info.get(query)
    if last is None or last[0] != asked:
        last = scope.connection.info[query] = asked, query(scope)
    return last[1]


@dataclass(eq=False)
class Reader:
    """Runs queries: functions of a ReadScope, and arguments of their own.

    reader.ask(get_article, 17)
    reader.ask(search_articles, "harbour")
    reader.stream(iter_captures, CaptureFilters(site="gazette"), order="oldest")

    The Reader passes its exclusions, so no caller can forget them. An Index is a Reader that excludes nothing.
    """

    _database: Database
    exclude: Exclusions = NO_EXCLUSIONS
    _timeout: float | None = None
    _pin: IndexPin | None = None
    _work: WorkLimit | None = None
    folder: FulltextFolder = field(kw_only=True)

    def excluding(
        self, exclude: Exclusions, *, timeout: float | None = None, pin: IndexPin | None = None,
        work: WorkLimit | None = None,
    ) -> "Reader":  # fmt: skip
        """Return a Reader of the same index with exclusions; a query that runs longer than `timeout` seconds fails.

        Readers with the same `pin` raise IndexReplaced rather than query two indexes; those with the same `work` raise
        QueryTooLong when it is over.
        """
        return Reader(self._database, exclude, timeout, pin, work, folder=self.folder)

    def ask(self, query: Callable[Concatenate[ReadScope, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the answer of a query. One that yields rows belongs to `stream`: its connection would be closed."""
        with self._transaction() as scope:
            answer = query(scope, *args, **kwargs)
            assert not isinstance(answer, Iterator)
            return answer

    def stream(
        self, query: Callable[Concatenate[ReadScope, P], Iterator[T]], *args: P.args, **kwargs: P.kwargs
    ) -> Iterator[T]:
        """Yield the rows of a query; a connection is held until the last one, or until the iterator is closed."""
        with self._transaction() as scope:
            # No name holds the rows: they have to be closed before the connection.
            if self._work is None:
                yield from query(scope, *args, **kwargs)
            else:
                yield from self._work.limit(query(scope, *args, **kwargs))

    def walk(self, query: Callable[[ReadScope, T | None], Sequence[T]]) -> Iterator[T]:
        """Yield rows in batches: the query gets the last row of a batch and returns those behind it.

        No connection is held between batches.
        """
        after: T | None = None
        while rows := self.ask(query, after):
            yield from rows
            after = rows[-1]

    @contextmanager
    def _transaction(self) -> Iterator[ReadScope]:
        with self._database.read_transaction(self._timeout, self._work) as connection:
            if self.exclude:  # what is withheld is found by one statement, and left out by others
                freeze_snapshot(connection)
            if self._pin is not None:
                self._pin.check(self._database, connection)
            # Queries that search find the folder there.
            connection.execution_options(search_folder=self.folder)
            try:
                yield ReadScope(connection, self.exclude)
            except SearchDamaged:
                self.folder.discard()
                raise
