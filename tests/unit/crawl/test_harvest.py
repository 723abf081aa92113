from datetime import UTC, datetime, timedelta

from newsarchive.crawl.url_pattern_yields import PARKED, Harvest, Parking
from storage.index.frontier.host_state import Family, Yield
from storage.model import Discovery, Due, UrlKind

NOW = datetime(2026, 11, 25, tzinfo=UTC)
SITE = "https://news.example"
FAMILY = "news.example/cal/{n}"


def brought(path: str, *, is_new: bool = False, via: str | None = None) -> Yield:
    return Yield(capture_id=1, site="news", url=SITE + path, via=via and SITE + via, is_new=is_new)


def due(path: str, via_kind: UrlKind | None = UrlKind.LISTING, looked_at: datetime | None = None) -> Due:
    how = Discovery(site="news", kind=UrlKind.ARTICLE, via=SITE + "/", via_kind=via_kind)
    return Due(
        url_id=1, url=SITE + path, discovery=how, due_at=NOW, priority=20, failures=0, looked_at=looked_at
    )  # fmt: skip


def harvest(after: int = 3, *exempt: str) -> Harvest:
    return Harvest({"news": Parking(after=after, exempt=exempt)})


def test_a_family_that_brings_nothing_is_parked() -> None:
    """After so many URLs in a row without a new article, and it is told once, with an example."""
    counts = harvest()
    assert counts.count([brought(f"/cal/{n}") for n in range(2)], NOW) == []
    assert counts.parked(due("/cal/77"), NOW) is None
    parked = counts.count([brought("/cal/2")], NOW)
    assert [each.family for each in parked] == [FAMILY, "news.example/cal/*"]
    assert parked[0] == Family(site="news", family=FAMILY, barren=3, example=f"{SITE}/cal/2", parked_at=NOW)
    assert counts.parked(due("/cal/77"), NOW) == parked[0]
    assert counts.parked(due("/other"), NOW) is None
    assert counts.count([brought("/cal/3")], NOW) == []


def test_a_new_article_counts_for_what_named_it_too() -> None:
    """A listing that leads to articles thrives, though it is none itself."""
    counts = harvest()
    for number in range(10):
        yields = [brought(f"/page/{number}"), brought(f"/story-{number}", is_new=True, via=f"/page/{number}")]
        assert counts.count(yields, NOW) == []
    assert counts.parked(due("/page/11"), NOW) is None


def test_what_is_trusted_or_held_is_never_parked() -> None:
    """What a feed, a sitemap or the owner names, and what is held already: edits are looked for."""
    counts = harvest(1)
    counts.count([brought("/cal/1")], NOW)
    asked = [
        due("/cal/2", UrlKind.FEED),
        due("/cal/2", UrlKind.SITEMAP),
        due("/cal/2", None),
        due("/cal/2", looked_at=NOW),
    ]
    assert [counts.parked(each, NOW) for each in asked] == [None] * 4
    assert counts.parked(due("/cal/2"), NOW) is not None


def test_a_parked_family_gets_another_chance_after_a_month() -> None:
    """One URL is asked for; nothing: parked for another month; a new article: all are asked for again."""
    counts = harvest(1)
    counts.count([brought("/cal/1")], NOW)
    later = NOW + PARKED
    assert [counts.parked(due("/cal/2"), NOW + PARKED - timedelta(1)) is None, counts.parked(due("/cal/2"), later)] == [
        False,
        None,
    ]
    assert counts.parked(due("/cal/3"), later) is not None
    counts.count([brought("/cal/2")], later)
    assert counts.parked(due("/cal/3"), later + timedelta(days=1)) is not None
    counts.count([brought("/cal/2", is_new=True)], later)
    assert counts.parked(due("/cal/3"), later) is None


def test_an_owner_unparks_by_name() -> None:
    """A family in not_traps, or the beginning of a path, is asked for, whatever was counted."""
    for exempt in (FAMILY, "/cal/"):
        counts = harvest(1, exempt)
        assert counts.count([brought("/cal/1")], NOW) == []
        assert counts.parked(due("/cal/2"), NOW) is None


def test_counts_outlive_the_run() -> None:
    """What one run counted, the next goes on from; what thrives is forgotten."""
    first = harvest()
    first.count([brought("/cal/1"), brought("/cal/2")], NOW)
    changes = first.changes()
    assert first.changes() == {}
    second = harvest()
    second.begin([family for family in changes.values() if family])
    assert [each.family for each in second.count([brought("/cal/3")], NOW)] == [FAMILY, "news.example/cal/*"]
    second.count([brought("/cal/4", is_new=True)], NOW)
    assert set(second.changes().values()) == {None}


def test_nothing_is_parked_where_the_setting_says_never() -> None:
    """park_after = 0."""
    counts = harvest(0)
    assert counts.count([brought(f"/cal/{n}") for n in range(500)], NOW) == []
    assert counts.changes() == {}
