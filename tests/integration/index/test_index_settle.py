"""Boilerplate is learnt from all articles of a site, applies to old ones too, and can be unlearnt."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from storage.index import Filters, Index
from storage.index.queries.export import iter_export_lines
from storage.index.queries.status import get_status, list_boilerplate
from storage.index.search.results import search_articles
from storage.model import Ingest, NextVisit, Paragraph, Role, Site, VisitResult
from storage.page_date import SourcedDate

Make = Callable[..., Ingest]
Plan = Callable[[VisitResult], NextVisit]
NEWS = Site(name="news", url="https://news.example/")
BEGIN = datetime(2026, 2, 1, tzinfo=UTC)
DISCLAIMER = "This article was written with the help of machines; an editor has read it before it went out."


def story(article_at: Make, number: int, *more: str) -> Ingest:
    """Makes an article with a text of its own, and paragraphs below it."""
    own = [f"Story {number} has paragraph {place}, which no other story of the site has in it." for place in range(4)]
    return article_at(
        f"https://news.example/{number}",
        *own,
        *more,
        published=SourcedDate(at=BEGIN + timedelta(hours=number), source="meta"),
        dek=None,
    )


def boilerplate(index: Index) -> set[str]:
    """Return the boilerplate of the site."""
    return {view.text for view in index.ask(list_boilerplate, "news") if view.verdict}


def test_a_learnt_disclaimer_leaves_bodies_and_search_of_old_articles(
    index: Index, article_at: Make, plan: Plan
) -> None:
    """The paragraph below every article is learnt once there are enough, and is then in no body, not even the first."""
    index.register_sites([NEWS])
    index.commit([story(article_at, 0, DISCLAIMER)], plan)
    index.settle()
    assert index.ask(search_articles, "machines").total == 1
    index.commit([story(article_at, number, DISCLAIMER) for number in range(1, 12)], plan)
    index.settle()
    assert boilerplate(index) == {DISCLAIMER}
    lines = list(index.stream(iter_export_lines))
    assert [line["boilerplate"] for line in lines] == [[DISCLAIMER]] * 12
    assert all(DISCLAIMER not in line["body"] and len(line["paragraphs"]) == 4 for line in lines)
    assert index.ask(search_articles, "machines").total == 0
    assert index.ask(search_articles, "paragraph", Filters(site="news")).total == 12
    index.commit([story(article_at, 12, DISCLAIMER)], plan)
    assert index.ask(search_articles, "machines").total == 0
    index.settle()
    assert index.ask(search_articles, "machines").total == 0


def test_the_background_of_follow_ups_is_no_boilerplate(index: Index, article_at: Make, plan: Plan) -> None:
    """A background paragraph in three of twenty articles stays body, though it is counted."""
    index.register_sites([NEWS])
    background = "The plant was shut in 2019 after a fire in which nobody was hurt, and has stood empty since."
    pages = [story(article_at, number, *([background] if number in {3, 9, 15} else [])) for number in range(20)]
    index.commit(pages, plan)
    index.settle()
    assert boilerplate(index) == set()
    assert [view.articles_seen for view in index.ask(list_boilerplate, "news")] == [3]


def test_copies_of_one_story_do_not_erase_it(index: Index, article_at: Make, plan: Plan) -> None:
    """The same story at many URLs, whole or edited, keeps its body."""
    index.register_sites([NEWS])
    shared = [
        f"Paragraph {place} of the story that is printed everywhere, word by word the same." for place in range(6)
    ]
    pages = [article_at(f"https://news.example/copy{number}", *shared) for number in range(6)]
    edited = [
        article_at(f"https://news.example/edit{number}", f"An opening of edition {number}, with news.", *shared)
        for number in range(3)
    ]
    index.commit([*pages, *edited], plan)
    index.settle()
    assert boilerplate(index) == set()


def test_headlines_and_short_lines_are_no_boilerplate(index: Index, article_at: Make, plan: Plan) -> None:
    """The "Pros" in reviews, and a headline or dek that other pages tease with, stay in the body."""
    index.register_sites([NEWS])
    pages = [
        story(
            article_at, number, "Pros", *(f"Line {line} of review {number}, of some length." for line in range(number))
        )
        for number in range(8)
    ]
    teased = [
        article_at(f"https://news.example/t{number}", f"Only text of teased story {number}, quite long enough.",
                   headline="Markets this morning", dek="What moved the markets, in five lines.",
                   paragraphs=(Paragraph(role=Role.TEXT, text="What moved the markets, in five lines."),
                               Paragraph(role=Role.TEXT, text=f"Only text of teased story {number}, long enough too.")))
        for number in range(8)
    ]  # fmt: skip
    index.commit([*pages, *teased], plan)
    index.settle()
    assert boilerplate(index) == set()


def test_an_early_decision_is_revised(index: Index, article_at: Make, plan: Plan) -> None:
    """A paragraph of the first three articles that few later ones carry is body again, in the old ones too."""
    index.register_sites([NEWS])
    line = "The ministry did not answer questions that this newspaper sent on Monday and on Tuesday."
    index.commit([story(article_at, number, line) for number in range(3)], plan)
    index.settle()
    assert boilerplate(index) == {line}
    index.commit([story(article_at, number) for number in range(3, 40)], plan)
    index.settle()
    assert boilerplate(index) == set()
    assert index.ask(search_articles, '"ministry did not answer"').total == 3


def test_a_disclaimer_that_was_dropped_stays_out_of_old_bodies(index: Index, article_at: Make, plan: Plan) -> None:
    """When the site stops printing it, it stays out of the bodies of the articles that had it."""
    index.register_sites([NEWS])
    index.commit([story(article_at, number, DISCLAIMER) for number in range(30)], plan)
    index.commit([story(article_at, number) for number in range(30, 120)], plan)
    index.settle()
    assert boilerplate(index) == {DISCLAIMER}


def test_sites_learn_apart(index: Index, article_at: Make, plan: Plan) -> None:
    """Wire copy that two sites print is no boilerplate of either."""
    index.register_sites([NEWS, Site(name="other", url="https://other.example/")])
    wire = [f"Paragraph {place} of the agency's report, as all its customers print it." for place in range(5)]
    for site in ("news", "other"):
        index.commit([article_at(f"https://{site}.example/wire", *wire, site=site)], plan)
    index.settle()
    assert boilerplate(index) == set()
    assert index.ask(list_boilerplate, "other") == ()


def test_sites_have_the_titles_of_their_front_pages(index: Index, article_at: Make, plan: Plan) -> None:
    """A site has no title until its front page is read."""
    index.register_sites([NEWS])
    index.commit([story(article_at, 1)], plan)
    index.settle()
    assert [site.title for site in index.ask(get_status).sites] == [None]


def test_a_dek_repeated_in_teasers_is_no_boilerplate(index: Index, article_at: Make, plan: Plan) -> None:
    """A paragraph below many articles is not in their bodies; the article whose dek it is keeps it."""
    index.register_sites([NEWS])
    dek = "Five lines on what moved the markets this morning, and on who gained by it."
    teasing = [story(article_at, number, dek) for number in range(10)]
    teased = article_at(
        "https://news.example/markets",
        headline="Markets",
        dek=dek,
        paragraphs=(
            Paragraph(role=Role.DEK, text=dek),
            Paragraph(role=Role.TEXT, text="The only text of the story that is teased, and long enough to be one."),
        ),
    )
    index.commit([*teasing, teased], plan)
    index.settle()
    assert boilerplate(index) == {dek}
    line = {line["headline"]: line for line in index.stream(iter_export_lines)}["Markets"]
    assert line["boilerplate"] == []
    assert line["paragraphs"][0] == {"role": "dek", "text": dek}
    assert index.ask(search_articles, '"gained by it"').total == 1
    assert [hit.url for hit in index.ask(search_articles, '"gained by it"').hits] == ["https://news.example/markets"]


def test_teasers_are_not_counted(index: Index, article_at: Make, plan: Plan) -> None:
    """A teaser, byline or caption on all pages is not counted: it is in no body anyway."""
    index.register_sites([NEWS])
    line = "The same teaser stands on all pages of the site, below whatever else they print today."
    pages = [
        article_at(
            f"https://news.example/{number}",
            paragraphs=(
                Paragraph(role=Role.TEXT, text=f"Story {number} has a text that no other story of the site has."),
                Paragraph(role=(Role.TEASER, Role.BYLINE, Role.CAPTION)[number % 3], text=line),
            ),
        )
        for number in range(12)
    ]
    opening = story(article_at, 20, line)
    index.commit([*pages, opening], plan)
    index.settle()
    assert index.ask(list_boilerplate, "news") == ()
    assert line in {each["url"]: each for each in index.stream(iter_export_lines)}["https://news.example/20"]["body"]


def test_captures_of_one_article_count_once(index: Index, article_at: Make, plan: Plan) -> None:
    """An article that is captured many times, each time longer, makes none of its paragraphs boilerplate."""
    index.register_sites([NEWS])
    told = [f"Paragraph {place} of a story that is told again and again, a little longer." for place in range(12)]
    index.commit([article_at("https://news.example/live", *told[:upto], minute=upto) for upto in range(1, 13)], plan)
    index.commit([story(article_at, number) for number in range(3)], plan)
    index.settle()
    assert boilerplate(index) == set()
    assert index.ask(list_boilerplate, "news") == ()


def test_two_articles_suffice_for_a_closing_line(index: Index, article_at: Make, plan: Plan) -> None:
    """A line that ends the first two articles is learnt from the second on, and removed from the first one too."""
    index.register_sites([NEWS])
    index.commit([story(article_at, 1, DISCLAIMER)], plan)
    index.settle()
    assert boilerplate(index) == set()
    index.commit([story(article_at, 2, DISCLAIMER)], plan)
    index.settle()
    assert boilerplate(index) == {DISCLAIMER}
    assert [line["boilerplate"] for line in index.stream(iter_export_lines)] == [[DISCLAIMER]] * 2


def test_follow_ups_that_quote_each_other_keep_their_background(index: Index, article_at: Make, plan: Plan) -> None:
    """Pages that share much of their text count as one story, however many there are."""
    index.register_sites([NEWS])
    background = [
        f"Background paragraph {place}, word by word the same in each piece on the trial." for place in range(9)
    ]
    trial = [
        article_at(f"https://news.example/day{day}", f"On day {day} of the trial a witness was heard.", *background)
        for day in range(9)
    ]
    index.commit([*trial, *(story(article_at, number) for number in range(12))], plan)
    index.settle()
    assert boilerplate(index) == set()
    assert len(index.ask(list_boilerplate, "news")) == 9


NEW_DISCLAIMER = "Machines helped with this article, which an editor has answered for since the first of May."


def test_a_new_disclaimer_is_learnt_beside_the_old_one(index: Index, article_at: Make, plan: Plan) -> None:
    """The old one stays out of old bodies, the new one out of new bodies, from the first of them on."""
    index.register_sites([NEWS])
    index.commit([story(article_at, number, DISCLAIMER) for number in range(40)], plan)
    index.commit([story(article_at, number, NEW_DISCLAIMER) for number in range(40, 80)], plan)
    index.settle()
    assert boilerplate(index) == {DISCLAIMER, NEW_DISCLAIMER}
    assert [line["boilerplate"] for line in index.stream(iter_export_lines)].count([DISCLAIMER]) == 40
    assert [line["boilerplate"] for line in index.stream(iter_export_lines)].count([NEW_DISCLAIMER]) == 40
    seen = {view.text: (view.first_seen, view.last_seen, view.articles) for view in index.ask(list_boilerplate, "news")}
    assert seen[DISCLAIMER] == (BEGIN, BEGIN + timedelta(hours=39), 40)
    assert seen[NEW_DISCLAIMER] == (BEGIN + timedelta(hours=40), BEGIN + timedelta(hours=79), 40)


def test_a_paragraph_that_becomes_rare_is_unlearnt(index: Index, article_at: Make, plan: Plan) -> None:
    """Learnt from twenty articles in a row, it is body again when articles without it make it rare in its period."""
    index.register_sites([NEWS])
    series = "This is a part of our series on the harbour, of which a part comes out on every Monday."

    def between(number: int) -> Ingest:
        return article_at(
            f"https://news.example/other{number}",
            f"Story {number} is not of the series and has a text that no other story of the site has in it.",
            published=SourcedDate(at=BEGIN + timedelta(minutes=number), source="meta"),
        )

    index.commit([story(article_at, number, series) for number in range(20)], plan)
    index.settle()
    assert len(boilerplate(index)) == 1
    assert index.ask(search_articles, "harbour").total == 0
    index.commit([between(number) for number in range(250)], plan)
    index.settle()
    assert boilerplate(index) == set()
    assert index.ask(search_articles, "harbour").total == 20
    assert all(series in line["body"] for line in index.stream(iter_export_lines) if "other" not in line["url"])


def test_background_that_ends_a_few_follow_ups_stays_body(index: Index, article_at: Make, plan: Plan) -> None:
    """Articles end with their background: nine of sixty with the same last paragraph are not enough."""
    index.register_sites([NEWS])
    background = "The trial began in March. The mayor denies all charges, and has said that he will not step down."
    pages = [story(article_at, number, *([background] if number % 7 == 0 else [])) for number in range(60)]
    index.commit(pages, plan)
    index.settle()
    assert [view.articles_seen for view in index.ask(list_boilerplate, "news")] == [9]
    assert boilerplate(index) == set()
    assert index.ask(search_articles, '"denies all charges"').total == 9


@pytest.mark.parametrize("seed", range(2))
def test_learning_does_not_depend_on_order(index: Index, article_at: Make, plan: Plan, seed: int, dump: Any) -> None:
    """In any order and batches, settled in between or not, the rows are the same, as a rebuild makes them."""
    background = "The plant was shut in 2019 after a fire in which nobody was hurt, and has stood empty since."
    pages = [
        story(
            article_at,
            number,
            *([background] if number % 7 == 3 else []),
            *([f"Subscribe to letter {number % 3} of our newsroom, which comes out on Mondays."] if number > 9 else []),
            DISCLAIMER if number < 30 else NEW_DISCLAIMER,
        )
        for number in range(45)
    ]
    index.register_sites([NEWS])
    index.commit(pages, plan)
    index.settle()
    tables, lines = dump(index, waiting=False), sorted(map(str, index.stream(iter_export_lines)))
    assert boilerplate(index) > {DISCLAIMER, NEW_DISCLAIMER}
    assert background not in boilerplate(index)
    index.reset()
    index.register_sites([NEWS])
    chance = Random(seed)
    chance.shuffle(pages)
    while pages:
        index.commit([pages.pop() for _ in range(min(len(pages), chance.randint(1, 20)))], plan)
        if chance.random() < 0.5:
            index.settle()
    index.settle()
    assert dump(index, waiting=False) == tables
    assert sorted(map(str, index.stream(iter_export_lines))) == lines
