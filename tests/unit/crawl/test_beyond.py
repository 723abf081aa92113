from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from newsarchive.crawl.backfill_queue import Older
from storage.index.frontier.backlog import Named
from storage.model import BACKFILL, Discovery, Due, UrlKind

UNTIL = datetime(2020, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 26, tzinfo=UTC)
LISTING = "https://gazette.example/world/page/"


def page(number: int) -> Due:
    """A further page of a listing, named by the page before."""
    via = f"{LISTING}{number - 1}/"
    how = Discovery(site="gazette", kind=UrlKind.LISTING, via=via, via_kind=UrlKind.LISTING)
    return Due(url_id=number, url=f"{LISTING}{number}/", discovery=how, due_at=NOW, priority=BACKFILL, failures=0)


class Log:
    """An index in which all pages of a listing are due, that knows what some of them name."""

    def __init__(self, named: Mapping[str, tuple[Named, ...]]) -> None:
        self.named = named
        self.asked: list[str] = []
        self.captured: set[int] = set()

    def due(
        self,
        now: datetime,
        *,
        sites: Sequence[str],
        limit: int,
        per_host: int,
        exclude: Collection[int] = (),
        full: Collection[tuple[str, str]] = (),
        deepest: int = 0,
    ) -> list[Due]:
        return [each for each in map(page, (2, 3, 4)) if each.url_id not in {*exclude, *self.captured}][:limit]

    def named_by(self, url: str) -> tuple[Named, ...]:
        self.asked.append(url)
        return self.named.get(url, ())

    def put_off(self, until: Mapping[int, datetime | None]) -> None:
        raise AssertionError(until)


def turned(older: Older, busy: Collection[int] = ()) -> list[int]:
    """The pages that are handed out while others are under way."""
    return [due.url_id for due in older.due(NOW, sites=["gazette"], limit=9, per_host=9, exclude=busy)]


def article(number: int, age: timedelta) -> Named:
    """An article that a listing names, and the archive holds."""
    return Named(url_id=number, url=f"https://gazette.example/{number}", dated_at=UNTIL - age)


def test_a_listing_is_turned_page_by_page() -> None:
    """The next page waits for the one before and for all that it names; what it names is asked for only then."""
    day = timedelta(days=1)
    log = Log({f"{LISTING}2/": (article(70, -day), article(71, -day))})
    older = Older(log, UNTIL)
    assert turned(older) == [2]
    assert log.asked == [f"{LISTING}1/"]
    assert turned(older, busy={2}) == []
    assert log.asked == [f"{LISTING}1/"]
    log.captured.add(2)
    assert turned(older, busy={71}) == []
    assert turned(older) == [3]


def test_a_listing_is_turned_no_further_than_the_date() -> None:
    """Its last page named nearly nothing but what is older; nothing of it is asked for again."""
    day = timedelta(days=1)
    log = Log({f"{LISTING}2/": tuple(article(70 + each, day) for each in range(5))})
    older = Older(log, UNTIL)
    assert turned(older) == [2]
    log.captured.add(2)
    assert turned(older) == []
    asked = len(log.asked)
    assert turned(older) == []
    assert len(log.asked) == asked
