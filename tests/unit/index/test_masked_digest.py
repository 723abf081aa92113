"""Digests of texts whose numbers, times and addresses change, and the evidence of an article."""

from datetime import UTC, datetime

import pytest

from storage.index.rows.entry import version_digest
from storage.index.rows.identity import Evidence, find_evidence
from storage.index.text.masked_digest import mask_text, masked_digest
from storage.model import Article, Discovery, Paragraph, Role, UrlKind
from storage.page_date import SourcedDate


def article(path: str, *texts: str, headline: str = "Back soon") -> Article:
    """Return an article at a path."""
    url = f"https://news.example{path}"
    paragraphs = tuple(Paragraph(role=Role.TEXT, text=text) for text in texts)
    return Article(url=url, canonical_url=url, headline=headline, paragraphs=paragraphs)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Sent at 12:03:55 on Saturday, 28 November 2026.", "Sent at 9:15 on Sunday, 1 December 2026."),
        ("El 28 de noviembre de 2026", "El 1 de mayo de 2026"),
        ("Reference 8f3a-22c failed", "Reference 71b-9d0 failed"),
        ("No page at /news/a-b", "No page at /sport/c"),
        ("No page at https://news.example/a", "No page at https://news.example/b?c=d"),
        ("2026年11月28日 メンテナンス中", "2026年1月2日 メンテナンス中"),
    ],
)
def test_numbers_times_and_addresses_are_masked(one: str, other: str) -> None:
    """Such texts differ in nothing else."""
    assert masked_digest(article("/x", one)) == masked_digest(article("/x", other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The bridge is closed", "The bridge is open"),
        ("In 2026 the council of the town voted on it", "In 2026 the council of the village voted on it"),
        ("2026年11月28日に橋が閉鎖された。", "2026年11月28日に市場が開かれた。"),
    ],
)
def test_words_are_not_masked(one: str, other: str) -> None:
    """Also beside numbers, unless they stand between two of them."""
    assert mask_text(one) != mask_text(other)


def test_a_page_may_print_its_own_title_or_address() -> None:
    """In words as in its path, or as its address: the digest is that of the text without it."""
    one = article("/news/bridge-closes-to-lorries", "We cannot show Bridge closes to lorries", "At /news/bridge-closes")
    other = article("/news/council-votes-on-budget", "We cannot show Council votes on budget", "At /news/council-votes")
    assert masked_digest(one) == masked_digest(other)


def test_an_own_address_in_the_body_makes_no_version() -> None:
    """The same story at two addresses, each of which it prints: one digest. Its headline and words count."""
    one, other = (article(path, f"Link: https://news.example{path}.") for path in ("/one?zx=1", "/one?zx=234"))
    assert version_digest(one) == version_digest(other)
    assert version_digest(one) != version_digest(article("/one?zx=1", "Link: https://other.example/one?zx=1."))


def test_characters_that_nobody_sees_make_no_version() -> None:
    """Hyphens for line breaks, spaces without width, composed and decomposed letters; joiners are letters' own."""
    plain = version_digest(article("/one", "The café at the harbourmaster's office", headline="Café closes"))
    for text in (
        "The cafe\u0301 at the harbour\u00admaster's office",
        "The café at\u200b the harbourmaster's\ufeff office",
    ):
        assert version_digest(article("/one", text, headline="Café\u200e closes")) == plain
    joined, apart = (version_digest(article("/one", text)) for text in ("می\u200cخواهم", "میخواهم"))
    assert joined != apart


def test_evidence_is_the_title_of_the_source_or_metadata() -> None:
    """A printed date alone is none: a page may print the time at which it is sent."""
    page = article("/x", "Text", headline="Lift bridge closes to lorries")
    plain = Discovery(site="news", kind=UrlKind.ARTICLE)
    named = Discovery(site="news", kind=UrlKind.ARTICLE, anchor="LIFT BRIDGE closes to lorries")
    other = Discovery(site="news", kind=UrlKind.ARTICLE, title="Council votes")
    at = datetime(2026, 3, 1, tzinfo=UTC)
    dated = {source: SourcedDate(at=at, source=source) for source in ("json-ld", "visible", "feed")}
    assert find_evidence(page, named) is Evidence.SOURCE
    assert find_evidence(page, other) is find_evidence(page, plain) is Evidence.NONE
    found = {source: find_evidence(_with_date(page, date), plain) for source, date in dated.items()}
    assert found == {"json-ld": Evidence.METADATA, "visible": Evidence.NONE, "feed": Evidence.NONE}


def _with_date(page: Article, date: SourcedDate) -> Article:
    return Article(url=page.url, canonical_url=page.url, headline=page.headline, published=date)
