"""One small question, asked of the index for each exchange: without a transaction, which would cost ten times the look.

SQLAlchemy's statement --compiled once--> the driver's own cursor, on a connection of its own
"""

import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.sql.compiler import SQLCompiler

from storage.index.engine.database import AnySelect


class NoGlance(Exception):
    """The driver did not answer; ask again by the usual way."""


class Glance:
    """Asks statements that return plain text and numbers; sees what was committed up to now. Safe between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._driver: Any = None
        self._compiled: dict[AnySelect, SQLCompiler] = {}

    def first(self, asked: AnySelect, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Return the first row, or None. `asked` is a statement that lives as long as the program.

        NoGlance where the connection failed, whatever the reason; the next call makes another one.
        """
        with self._lock:
            try:
                return self._first(asked, values)
            except Exception as error:
                self._let_go()
                raise NoGlance from error

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            self._let_go()

    def _first(self, asked: AnySelect, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        compiled = self._compiled.get(asked) or self._compile(asked)
        given = dict(compiled.construct_params(values) or {})
        order = compiled.positiontup
        cursor = self._connection().cursor()
        try:
            cursor.execute(compiled.string, given if order is None else [given[name] for name in order])
            # All of them: a statement of SQLite's that is not at its end keeps old pages from being reclaimed.
            rows = cursor.fetchall()
        finally:
            cursor.close()
        return tuple(rows[0]) if rows else None

    def _compile(self, asked: AnySelect) -> SQLCompiler:
        compiled = asked.compile(dialect=self._engine.dialect)
        assert isinstance(compiled, SQLCompiler)
        return self._compiled.setdefault(asked, compiled)

    def _connection(self) -> Any:
        if self._driver is None:
            # Not the pool's any more: it would be reset there, and this one is in nobody else's hands.
            taken = self._engine.raw_connection()
            self._driver = taken.driver_connection
            taken.detach()
            if self._engine.dialect.name == "postgresql":
                self._driver.autocommit = True  # SQLite's are, by storage.index.engine.database
        return self._driver

    def _let_go(self) -> None:
        if self._driver is not None:
            with suppress(Exception):  # it is broken already
                self._driver.close()
            self._driver = None
