"""The changes of a listing between two captures."""

from hypothesis import given
from hypothesis import strategies as st

from newsarchive.diff.listing_changes import LinkFate, ListingLink, compare_listings, listing_links
from storage.index.views.articles import LinkGroupView, LinkView
from storage.model import LinkKind


def listing(*names: str) -> tuple[ListingLink, ...]:
    """A listing of links by name, in order."""
    return tuple(
        ListingLink(url=name, headline=f"On {name}", group="", place=place, article_id=None)
        for place, name in enumerate(names, 1)
    )


def group(label: str, *links: tuple[str, str]) -> LinkGroupView:
    """A group of links: address and text."""
    views = tuple(LinkView(url=url, anchor=text, article_id=None) for url, text in links)
    return LinkGroupView(kind=LinkKind.LISTING, label=label, links=views)


def test_a_link_stands_where_it_stands_first_under_its_longest_text() -> None:
    """A teaser with an image, a headline and "read more" are one link of a page."""
    groups = [group("Top", ("a", ""), ("b", "More")), group("News", ("a", "A headline"), ("c", "C"))]
    assert listing_links(groups) == (
        ListingLink(url="a", headline="A headline", group="Top", place=1, article_id=None),
        ListingLink(url="b", headline="More", group="Top", place=2, article_id=None),
        ListingLink(url="c", headline="C", group="News", place=3, article_id=None),
    )


def test_shifted_paragraphs_are_not_moved() -> None:
    """A new link at the top is the only change, though all others move down."""
    told = compare_listings(listing("a", "b", "c"), listing("new", "a", "b", "c"))
    assert [(step.item.url, step.fate) for step in told] == [
        ("new", LinkFate.CAME),
        ("a", LinkFate.STAYED),
        ("b", LinkFate.STAYED),
        ("c", LinkFate.STAYED),
    ]


def test_only_the_reordered_link_counts_as_moved() -> None:
    """A new order is reported with the fewest moves."""
    told = compare_listings(listing("a", "b", "c", "d"), listing("d", "a", "b"))
    assert [(step.item.url, step.fate) for step in told] == [
        ("d", LinkFate.UP),
        ("a", LinkFate.STAYED),
        ("b", LinkFate.STAYED),
        ("c", LinkFate.LEFT),
    ]


def test_a_reworded_headline_with_a_new_url_is_no_removal() -> None:
    """Links to one article are the same link."""
    was = ListingLink(url="/town/1", headline="31 jobs at risk at the quay", group="Town", place=1, article_id=7)
    now = ListingLink(
        url="/business/1", headline="32 jobs at risk at the quay", group="Business", place=1, article_id=7
    )
    (told,) = compare_listings([was], [now])
    assert (told.fate, told.changed) == (LinkFate.STAYED, frozenset({"headline", "url", "group"}))
    assert [piece.text for piece in told.wording] == ["31", "32", " jobs at risk at the quay"]


@given(
    before=st.lists(st.sampled_from("abcdefgh"), unique=True), after=st.lists(st.sampled_from("abcdefgh"), unique=True)
)
def test_every_link_is_listed_once(before: list[str], after: list[str]) -> None:
    """The present links in their order, then those that left."""
    told = compare_listings(listing(*before), listing(*after))
    assert [step.item.url for step in told if step.after] == after
    assert [step.item.url for step in told if not step.after] == [name for name in before if name not in after]
    assert {step.item.url for step in told if step.fate is LinkFate.CAME} == set(after) - set(before)
