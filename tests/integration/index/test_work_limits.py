"""Queries end with their CPU time, and when their client leaves."""

import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from storage.errors import QueryTooLong
from storage.index import Index
from storage.index.engine.database import WorkLimit
from storage.index.reader import ReadScope
from storage.index.views.articles import NO_EXCLUSIONS

FOREVER = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n")


def count_forever(scope: ReadScope) -> int:
    return int(scope.connection.execute(FOREVER).scalar_one())


def iter_forever(scope: ReadScope) -> Iterator[int]:
    while True:
        yield scope.connection.execute(text("SELECT 1")).scalar_one()


def test_a_running_query_ends_when_its_client_leaves(index: Index) -> None:
    """In the middle of a statement that would run for ever; the connections can be used again."""
    work = WorkLimit(1e9)
    threading.Timer(0.1, work.cancel).start()
    with pytest.raises(QueryTooLong):
        index.excluding(NO_EXCLUSIONS, work=work).ask(count_forever)
    for _ in range(3):
        assert next(index.excluding(NO_EXCLUSIONS, work=WorkLimit(1e9)).stream(iter_forever)) == 1


def test_no_query_begins_after_its_client_has_left(index: Index) -> None:
    """Work that waited for a thread ends before it begins."""
    work = WorkLimit(1e9)
    work.cancel()
    with pytest.raises(QueryTooLong):
        index.excluding(NO_EXCLUSIONS, work=work).ask(count_forever)


def test_rows_without_end_use_up_their_cpu_time(index: Index) -> None:
    """Many short statements count together; the client's pauses between them do not."""
    work = WorkLimit(0.05)
    rows = index.excluding(NO_EXCLUSIONS, work=work).stream(iter_forever)
    assert next(rows) == 1
    burn(0.1)
    assert next(rows) == 1
    with pytest.raises(QueryTooLong):
        for _ in rows:
            pass


def burn(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_the_work_of_nested_blocks_counts_once() -> None:
    """A filter around a query: what both do is counted, and nothing twice."""
    work = WorkLimit(0.15)
    with work.measure(), work.measure():
        burn(0.1)
    assert not work.is_over
    with work.measure():
        burn(0.06)
        assert work.is_over
