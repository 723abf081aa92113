"""Every iterator of the library takes one value, several, none and unknown ones by the same rule."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import newsarchive
from newsarchive.archive import Archive
from tests.integration.web.test_placements import front, path, story

AT = datetime(2026, 5, 4, 6, tzinfo=UTC)
SITES = ("alpha.example", "beta.example", "gamma.example")
WORDS = ("harbour", "bridge", "council", "market", "school", "regatta", "ferry", "museum")
ITERATORS: dict[str, Callable[[Any], str]] = {
    "articles": lambda each: each.site,
    "versions": lambda each: each.site,
    "search": lambda each: each.site,
    "captures": lambda each: each.url.split("/")[2],
    "listings": lambda each: each.capture.url.split("/")[2],
    "changes": lambda each: each.url.split("/")[2],
    "placements": lambda each: each.url.split("/")[2],
}
"""Iterators, and what tells the site of what they return."""


@pytest.fixture(scope="module")
def library(shared_archive_of: Callable[..., Archive]) -> Iterator[newsarchive.Archive]:
    """Three sites, each with a front page and eight articles, of which one was edited."""
    answers: list[dict[str, object]] = []
    for site in SITES:
        titles = [f"The {word} of {site.partition('.')[0]} opens again after nine years" for word in WORDS]
        answers += [{"url": f"https://{site}{path(title)}", "body": story(title)} for title in titles]
        edited = story(titles[0]).replace(b"the b day", b"the second day, and not on the third")
        answers.append({"url": f"https://{site}{path(titles[0])}", "body": edited, "at": AT + timedelta(days=9)})
        answers.append({"url": f"https://{site}/", "body": front(titles[:4], titles[4:]), "at": AT})
    archive = shared_archive_of(*answers)
    with newsarchive.Archive.open(archive.folder) as opened:
        yield opened


def ask(library: newsarchive.Archive, name: str, **chosen: Any) -> list[str]:
    """Return the sites of what an iterator returns."""
    query = ("opens",) if name == "search" else ()
    return [ITERATORS[name](each) for each in getattr(library, name)(*query, **chosen)]


@pytest.mark.parametrize("name", ITERATORS)
def test_of_several_sites_one_has_to_match(library: newsarchive.Archive, name: str) -> None:
    """One, two, two in another order, one twice, a list, all and none."""
    everything = ask(library, name)
    assert {*everything} == {*SITES}

    def count(*sites: str) -> int:
        return sum(each in sites for each in everything)

    given: Any
    for sites in (SITES[1], SITES[1:2], SITES[:2], SITES[1::-1], (SITES[0], SITES[0]), SITES, ()):
        for given in (sites, [*sites]) if isinstance(sites, tuple) else (sites,):
            names = (given,) if isinstance(given, str) else given
            found = ask(library, name, site=given)
            assert {*found} == {*names}, given
            assert len(found) == count(*names), given


@pytest.mark.parametrize("name", ITERATORS)
def test_a_site_that_the_archive_does_not_have_is_an_error(library: newsarchive.Archive, name: str) -> None:
    """Also among others; and it is named."""
    for given in ("nosuch", ("nosuch",), (SITES[0], "nosuch")):
        with pytest.raises(newsarchive.ArchiveError, match="nosuch"):
            ask(library, name, site=given)


@pytest.mark.parametrize("name", ["captures", "listings", "placements"])
def test_a_url_and_a_site_have_to_match_both(library: newsarchive.Archive, name: str) -> None:
    """The front page of one site is none of another's, and is returned once."""
    url = f"https://{SITES[0]}/"
    own = ask(library, name, url=url)
    given: Any
    assert {*own} == {SITES[0]}
    for given in (SITES[0], SITES, SITES[:1]):
        assert ask(library, name, url=url, site=given) == own
    for given in (SITES[1], SITES[1:], ()):
        assert ask(library, name, url=url, site=given) == []


@pytest.mark.parametrize(
    ("name", "filtered", "values"),
    [
        ("captures", "outcome", ("article", "listing", "gone")),
        ("changes", "event", ("edited", "gone")),
        ("changes", "kind", ("rewritten", "wording", "added", "removed")),
        ("changes", "notice", ("silent", "noted")),
    ],
)
def test_of_several_choices_one_has_to_match(
    library: newsarchive.Archive, name: str, filtered: str, values: tuple[str, ...]
) -> None:
    """Of none nothing does, and one that does not exist is an error that names those that do."""
    single = {value: ask(library, name, **{filtered: value}) for value in values}
    assert any(single.values())
    # A change may be of several kinds, and is returned once.
    most = len(ask(library, name))
    given: Any
    for given in (values, [*values], (*values, values[0])):
        found = ask(library, name, **{filtered: given})
        assert max(map(len, single.values())) <= len(found) <= min(most, sum(map(len, single.values())))
    assert ask(library, name, **{filtered: ()}) == []
    for given in ("nosuch", (values[0], "nosuch")):
        with pytest.raises(newsarchive.ArchiveError, match=f"{filtered} 'nosuch' is unknown.*{values[0]}"):
            ask(library, name, **{filtered: given})
