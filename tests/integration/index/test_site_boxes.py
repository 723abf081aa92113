"""The places of the dek and of what is beside the text: learnt from all pages of a site, and used in doubt."""

import json
import zlib
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from storage.index import Index
from storage.index.boilerplate.boxes import SiteBox
from storage.index.queries.aggregates import list_site_boxes
from storage.index.queries.export import iter_export_lines
from storage.index.reader import ReadScope
from storage.index.schema.tables import SiteBoxRow, VersionBoxesRow, VersionRow
from storage.index.search.results import search_articles
from storage.index.views.articles import Exclusions
from storage.model import Ingest, NextVisit, Paragraph, Role, Site, VisitResult

Make = Callable[..., Ingest]
Plan = Callable[[VisitResult], NextVisit]
NEWS = Site(name="news", url="https://news.example/")
LINE = "Ships wait outside the harbour until the wind turns"
NOTE = "Sign up to hear of every ship that enters the port."
LEARNT = {"body": ["div.story"], "beside": ["div.more"], "dek": ["p.lead"]}
DOUBT = {"body": ["div.story"], "narrow": {"div.more": [[2, 90]]}, "lines": {"p.lead": LINE}}


def pack(boxes: dict[str, Any]) -> bytes:
    """Return boxes as the extractor gives them."""
    return zlib.compress(json.dumps(boxes).encode())


def page(article_at: Make, number: int, boxes: dict[str, Any] | None = LEARNT, **changes: Any) -> Ingest:
    """Makes an article that is sure of its parts; with the boxes DOUBT, one without a dek and a note in its body."""
    own = [f"Story {number} has paragraph {place}, which no other story of the site has in it." for place in range(2)]
    role = Role.TEXT if boxes is DOUBT else Role.PROMO
    paragraphs = [
        *(Paragraph(role=Role.TEXT, text=each) for each in own),
        Paragraph(role=role, text=f"{NOTE} {number}"),
    ]
    dek = None if boxes is DOUBT else f"The dek of story {number}"
    return article_at(
        f"https://news.example/{number}",
        minute=number,
        boxes=boxes and pack(boxes),
        dek=dek,
        paragraphs=tuple(paragraphs),
        **changes,
    )


def fill(index: Index, plan: Plan, *batches: list[Ingest]) -> None:
    """Commit batches and settle after each."""
    index.register_sites([NEWS])
    for batch in batches:
        index.commit(batch, plan)
        index.settle()


def first(index: Index) -> dict[str, Any]:
    """Return the line of the article 0."""
    return {line["url"]: line for line in index.stream(iter_export_lines)}["https://news.example/0"]


def test_what_two_other_articles_agree_on_is_applied_to_the_first(index: Index, article_at: Make, plan: Plan) -> None:
    """With the third page, the first one gets its dek and loses the note; neither makes a version, search follows."""
    fill(index, plan, [page(article_at, 0, DOUBT)], [page(article_at, 1)])
    assert (first(index)["dek"], NOTE in first(index)["body"]) == (None, True)
    assert index.ask(search_articles, "outside").total == 0
    fill(index, plan, [page(article_at, 2)])
    line = first(index)
    assert (line["dek"], line["boilerplate"], line["version"]) == (LINE, [f"{NOTE} 0"], 1)
    assert NOTE not in line["body"]
    assert index.ask(search_articles, "outside").total == 1
    assert index.ask(search_articles, "ship").total == 1  # the dek's: the note is not searched
    assert index.ask(list_site_boxes, "news") == (
        SiteBox(box="p.lead", holds="dek", articles=2, others=0),
        SiteBox(box="div.more", holds="beside", articles=2, others=1),
    )


def test_what_is_learnt_goes_with_its_evidence(index: Index, article_at: Make, plan: Plan) -> None:
    """If an article is removed, what was learnt with it is unlearnt, and other pages are read alone again."""
    pages = [page(article_at, number, None if number == 3 else DOUBT if number == 0 else LEARNT) for number in range(4)]
    fill(index, plan, pages)
    assert first(index)["dek"] == LINE
    index.delete_captures([pages[2].capture.record_id], [pages[2].capture.url])
    index.settle()
    assert (first(index)["dek"], first(index)["boilerplate"]) == (None, [])
    assert index.ask(list_site_boxes, "news") == ()
    assert index.ask(search_articles, "outside").total == 0
    with index._database.read_transaction() as connection:
        assert connection.scalars(select(VersionRow.is_dek_learnt)).all() == [False, False, False]
        assert len(connection.scalars(select(VersionBoxesRow.version_id)).all()) == 2


def test_a_box_that_holds_body_elsewhere_takes_nothing_away(index: Index, article_at: Make, plan: Plan) -> None:
    """A second article with body in a box leaves both in doubt: neither of them loses a paragraph."""
    fill(index, plan, [page(article_at, number, DOUBT if number < 2 else LEARNT) for number in range(4)])
    assert first(index)["boilerplate"] == []
    assert [each.holds for each in index.ask(list_site_boxes, "news")] == ["dek"]


def test_a_large_part_of_the_body_is_never_beside_it(index: Index, article_at: Make, plan: Plan) -> None:
    """Two boxes that are beside the text elsewhere together hold more than 30 % of a body: it stays."""
    both = {"narrow": {"div.more": [[1, 200]], "div.join": [[2, 200]]}}
    sure = {"body": ["div.story"], "beside": ["div.more", "div.join"]}
    fill(index, plan, [page(article_at, 0, both), *(page(article_at, number, sure) for number in (1, 2))])
    assert [each.box for each in index.ask(list_site_boxes, "news")] == ["div.join", "div.more"]
    assert first(index)["boilerplate"] == []


def test_versions_of_one_article_are_one_witness(index: Index, article_at: Make, plan: Plan) -> None:
    """Two texts of the same article teach no more than one."""
    texts = [page(article_at, 1, headline=f"Headline {number}") for number in range(3)]
    fill(index, plan, [page(article_at, 0, DOUBT), *texts])
    assert index.ask(list_site_boxes, "news") == ()


def test_a_learnt_dek_is_no_change_of_an_article(index: Index, article_at: Make, plan: Plan) -> None:
    """An article with several versions keeps their numbers and kinds of change when a dek is learnt."""
    former = page(article_at, 0, DOUBT)
    later = article_at(
        "https://news.example/0",
        f"{NOTE} 0",
        "Another text, which is long enough to be one.",
        minute=9,
        boxes=pack(DOUBT),
    )
    fill(index, plan, [former, later])
    before = versions(index)
    fill(index, plan, [page(article_at, 1), page(article_at, 2)])
    assert first(index)["dek"] == LINE
    assert versions(index)[:2] == before


def versions(index: Index) -> list[Any]:
    """Return numbers, digests and kinds of change of all versions, in the order of captures."""
    columns = (VersionRow.number, VersionRow.digest, VersionRow.changed)
    with index._database.read_transaction() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(VersionRow.capture_id))]


def test_places_of_a_hidden_site_are_withheld(index: Index, article_at: Make, plan: Plan) -> None:
    """The boxes learnt of a hidden site are hidden with it."""
    fill(index, plan, [page(article_at, number) for number in range(3)])
    with index._database.read_transaction() as connection:
        assert connection.scalars(select(SiteBoxRow.box)).all()
        assert list_site_boxes(ReadScope(connection, Exclusions(hidden=frozenset({"news"}))), "news") == ()
