"""Both databases find the same, in the same order, and exactly what counting by hand finds."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, partial
from itertools import pairwise
from typing import Any
from zlib import crc32

import pytest
from sqlalchemy import Connection
from sqlalchemy import text as sql

from storage.index import Filters, Index
from storage.index.engine.statements import insert_rows
from storage.index.fulltext.searcher import EngineSearcher
from storage.index.reader import ReadScope
from storage.index.schema.tables import (
    ArticleRow,
    AuthorRow,
    CaptureRow,
    ParagraphRow,
    SiteRow,
    TagRow,
    UrlRow,
    VersionAuthorRow,
    VersionParagraphRow,
    VersionRow,
    VersionTagRow,
    WarcFileRow,
)
from storage.index.search import documents, matches, translate
from storage.index.search.documents import load_documents
from storage.index.search.facets import FacetedSearch, search_with_facets
from storage.index.search.query import parse_query
from storage.index.search.results import find_version_ids
from storage.index.text.analyzer import GONE, MOVED, SHARED, analyze, hash_term, stem_variants
from storage.index.views.articles import EVERYTHING, ORDERS, Exclusions, Order

BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
SITES, SECTIONS, AUTHORS, TAGS = 4, ("World", "WORLD", "Städte", "Sport"), 30, 12
STEMS = ("harbour", "tariff", "minister", "storm", "vote", "bridge", "court", "market", "river", "train")
VOCABULARY = (*STEMS, *(f"{stem}s" for stem in STEMS), *(f"w{number}" for number in range(400)))
LANGUAGES = (None, "en", "de")


@dataclass(frozen=True, kw_only=True)
class Text:
    """One version, as it was put into the index."""

    id: int
    number: int
    is_newest: bool
    headline: list[str]
    dek: list[str]
    paragraphs: list[list[str]]
    section: str
    authors: list[str]
    tags: list[str]
    language: str

    @cached_property
    def parts(self) -> list[list[str]]:
        """Stretches of words that a phrase may not leave."""
        names = [*self.authors, *self.tags, self.section]
        return [self.headline, self.dek, *self.paragraphs, *(analyze(name, None)[0] for name in names)]

    @cached_property
    def words(self) -> set[str]:
        """All words."""
        return {word for part in self.parts for word in part}

    @cached_property
    def forms(self) -> set[str]:
        """Words and their stems."""
        return find_forms(self.words, self.language)


def find_forms(words: Iterable[str], language: str) -> set[str]:
    """Return words and their stems."""
    return set(words).union(*(stem_variants(word, [language]) for word in words))


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One article, as it was put into the index."""

    id: int
    site: int
    dated_at: datetime
    url_words: list[str]
    texts: list[Text]


def edit(chance: random.Random, first: Text, before: Text, cut: Callable[[int, int], list[str]]) -> dict[str, Any]:
    """Return what an editor left of a text: most of it, in another order, with words replaced, or its first state."""
    kept = {name: getattr(before, name) for name in ("headline", "dek", "section", "authors", "tags", "language")}
    paragraphs = list(before.paragraphs)
    at = chance.randrange(len(paragraphs))
    match chance.choice(("word", "cut", "move", "split", "join", "headline", "language", "back", "add")):
        case "word":
            paragraphs[at] = [*paragraphs[at]]
            paragraphs[at][chance.randrange(len(paragraphs[at]))] = chance.choice(VOCABULARY)
        case "cut":
            paragraphs[at] = paragraphs[at][: len(paragraphs[at]) // 2] + paragraphs[at][len(paragraphs[at]) // 2 + 1 :]
        case "move":
            paragraphs.append(paragraphs.pop(at))
        case "split":
            paragraphs[at : at + 1] = [paragraphs[at][:2], paragraphs[at][2:]]
        case "join":
            paragraphs = [[word for words in paragraphs for word in words]]
        case "headline":
            kept["headline"], kept["dek"] = cut(3, 8), before.headline
        case "language":
            kept["language"] = "de" if before.language == "en" else "en"
        case "back":
            kept |= {name: getattr(first, name) for name in kept}
            paragraphs = list(first.paragraphs)
        case _:
            paragraphs.append(cut(5, 25))
    return {**kept, "paragraphs": paragraphs}


def make_stories(count: int, seed: int = 5, edited: int = 1) -> list[Story]:
    """Make articles; `edited` of eight have three versions: most of them with a part of the former one's words."""
    chance = random.Random(seed)
    weights = [1 / (place + 3) for place in range(len(VOCABULARY))]
    pool = chance.choices(VOCABULARY, weights, k=200_000)

    def cut(least: int, most: int) -> list[str]:
        at = chance.randrange(len(pool) - most)
        return pool[at : at + chance.randint(least, most)]

    stories, version = [], 0
    for number in range(1, count + 1):
        texts: list[Text] = []
        versions = 3 if chance.randrange(8) < edited else 1
        for place in range(1, versions + 1):
            version += 1
            if texts and chance.random() < 0.8:
                said = edit(chance, texts[0], texts[-1], cut)
            else:
                said = {
                    "headline": cut(3, 8), "dek": cut(0, 6),
                    "paragraphs": [cut(5, 25) for _ in range(chance.randint(1, 4))],
                    "section": chance.choice(SECTIONS),
                    "authors": [f"Ann B{one}" for one in chance.sample(range(AUTHORS), chance.choice((0, 1, 1, 2)))],
                    "tags": [f"tag {one}" for one in chance.sample(range(TAGS), chance.choice((0, 1, 2)))],
                    "language": chance.choice(("en", "en", "de")),
                }  # fmt: skip
            texts.append(Text(id=version, number=place, is_newest=place == versions, **said))
        stories.append(
            Story(
                id=number, site=chance.randrange(SITES),
                dated_at=BEGIN + timedelta(minutes=chance.randrange(2_000_000)),
                url_words=["https", "news", "example", chance.choice(STEMS), f"n{number}"], texts=texts,
            )
        )  # fmt: skip
    return stories


def fill(connection: Connection, stories: list[Story]) -> None:
    """Write their rows, which takes a tenth of the time of archiving their pages."""
    rows: dict[Any, list[dict[str, Any]]] = {}

    def add(table: Any, **values: Any) -> None:
        rows.setdefault(table, []).append(values)

    for site in range(SITES):
        add(SiteRow, id=site + 1, name=f"s{site}", url="https://news.example/", configured=True, needs_relearning=False)
    add(WarcFileRow, id=1, name="a.warc.gz", state="closed")
    for number in range(AUTHORS):
        add(AuthorRow, id=number + 1, name=f"Ann B{number}", folded=f"ann b{number}")
    for number in range(TAGS):
        add(TagRow, id=number + 1, name=f"tag {number}")
    paragraph = 0
    for story in stories:
        url = "/".join(["https:/", "news.example", *story.url_words[3:]])
        add(UrlRow, id=story.id, site_id=story.site + 1, url=url,
            key_head=f"example,news)/{story.id}", key_at=len(url) + 1,
            digest=random.Random(url).randbytes(16))  # fmt: skip
        add(ArticleRow, id=story.id, site_id=story.site + 1, url_id=story.id, first_seen_at=story.dated_at,
            last_seen_at=story.dated_at, dated_at=story.dated_at, state="live")  # fmt: skip
        for text in story.texts:
            add(CaptureRow, id=text.id, url_id=story.id, site_id=story.site + 1, requesting_site="s0", warc_file_id=1,
                warc_offset=text.id, warc_length=1, record_id=f"r{text.id}", kind="response", warc_date="",
                fetched_at=story.dated_at + timedelta(hours=text.number), payload_size=1, outcome="article", reason="",
                entries=0, noarchive=False,
                article_id=story.id, version_id=text.id, page_version_id=text.id, is_read=True)  # fmt: skip
            add(VersionRow, id=text.id, article_id=story.id, site_id=story.site + 1, page_url_id=story.id,
                capture_id=text.id, number=text.number, is_variant=False, is_current=text.is_newest,
                digest=text.id.to_bytes(32, "big"),
                changed="", is_corrected=False, masked_digest=b"", evidence=0, headline=" ".join(text.headline),
                dek=" ".join(text.dek) or None, language=text.language, section=text.section, is_live_blog=False,
                noarchive=False, paragraph_count=len(text.paragraphs), is_counted=True,
                is_compared=True, is_dek_learnt=False)  # fmt: skip
            for position, words in enumerate(text.paragraphs):
                paragraph += 1
                add(ParagraphRow, id=paragraph, digest=paragraph.to_bytes(16, "big"), text=" ".join(words))
                add(VersionParagraphRow, version_id=text.id, position=position, paragraph_id=paragraph, role="text")
            for position, name in enumerate(text.authors):
                add(VersionAuthorRow, version_id=text.id, position=position, author_id=int(name[5:]) + 1)
            for position, name in enumerate(text.tags):
                add(VersionTagRow, version_id=text.id, position=position, tag_id=int(name[4:]) + 1)
    connection.execute(sql("PRAGMA defer_foreign_keys=ON" if connection.dialect.name == "sqlite" else "SELECT 1"))
    for table, values in rows.items():
        insert_rows(connection, table, values)


Condition = Callable[[Story, Text], bool]


def has_form(word: str, part: str = "") -> Condition:
    """Match a word in any inflection, anywhere or in one part."""
    wanted = {word}.union(stem_variants(word, LANGUAGES))
    if part:
        return lambda story, text: not wanted.isdisjoint(find_forms(getattr(text, part), text.language))
    return lambda story, text: not wanted.isdisjoint(text.forms)


def has_near(first: str, second: str, between: int) -> Condition:
    """Match two words with at most so many between them."""

    def holds(story: Story, text: Text) -> bool:
        for part in text.parts:
            places = [place for place, word in enumerate(part) if word == first]
            others = [place for place, word in enumerate(part) if word == second]
            if any(0 < abs(one - two) <= between + 1 for one in places for two in others):
                return True
        return False

    return holds


def is_similar(word: str, other: str) -> bool:
    """Compare by the definition: all words with one letter missing, added, replaced or swapped."""
    if abs(len(word) - len(other)) > 1:
        return False
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    if len(other) < len(word):
        return any(a + b[1:] == other for a, b in cuts)
    if len(other) > len(word):
        return any(a == other[: len(a)] and b == other[len(a) + 1 :] for a, b in cuts)
    differing = [at for at in range(len(word)) if word[at] != other[at]]
    swapped = len(differing) == 2 and differing[1] == differing[0] + 1
    return len(differing) < 2 or (
        swapped and word[differing[0]] == other[differing[1]] and word[differing[1]] == other[differing[0]]
    )


def has_phrase(first: str, second: str) -> Condition:
    """Match two words that follow each other."""
    return lambda story, text: any(pair == (first, second) for part in text.parts for pair in pairwise(part))


def has_word(test: Callable[[str], bool]) -> Condition:
    """Match a word for which a test holds."""
    known = {word for word in VOCABULARY if test(word)}
    return lambda story, text: (
        not known.isdisjoint(text.words) or any(test(word) for word in text.words.difference(VOCABULARY))
    )


def is_dated(first: date, last: date) -> Condition:
    """Match a date of publication."""
    return lambda story, text: first <= story.dated_at.date() <= last


def conditions(chance: random.Random) -> Iterator[tuple[str, Condition, bool]]:
    """Yield conditions of all kinds for ever: as typed, as counted by hand, and whether a minus may precede it."""
    while True:
        first, second = chance.sample(VOCABULARY[:60], 2)
        many, year, site = chance.randrange(1, 8), chance.randrange(2020, 2024), chance.randrange(SITES)
        stem, name = chance.choice(STEMS), f"Ann B{chance.randrange(AUTHORS)}"
        yield first, has_form(first), True
        yield f'"{first} {second}"', has_phrase(first, second), True
        yield f'"{first}"', has_word(partial(is_same, first)), True
        yield f"{first} near/{many} {second}", has_near(first, second, many), False
        yield f"{first[:3]}*", has_word(partial(is_prefix, first[:3])), True
        yield f"*{first[1:3]}*", has_word(partial(is_part, first[1:3])), True
        yield f"{first}~1", has_word(partial(is_similar, first)), True
        either = hold_any([has_form(first), has_form(second, "headline")])
        yield f"({first} OR headline:{second})", either, True
        apart = hold_all([has_phrase(first, second), reverse(has_form(stem, "headline"))])
        yield (
            f'(("{first} {second}" -headline:{stem}) OR ({first} dek:{stem}))',
            hold_any([apart, hold_all([has_form(first), has_form(stem, "dek")])]),
            True,
        )
        yield f"headline:{first}", has_form(first, "headline"), True
        yield f"dek:{first}", has_form(first, "dek"), True
        yield f"url:{stem}", has_in_url(stem), True
        yield f'author:"{name[1:]}"', has_author(name), False
        yield f"site:s{site}", is_of_site(site), False
        yield "section:world", lambda story, text: text.section.lower() == "world", False
        yield "is:edited", lambda story, text: text.number > 1, False
        yield "versions:newest", lambda story, text: text.is_newest, False
        yield f"date:{year}..{year}-06", is_dated(date(year, 1, 1), date(year, 6, 30)), False


def is_same(wanted: str, word: str) -> bool:
    """Compare without inflections."""
    return word == wanted


def is_prefix(part: str, word: str) -> bool:
    """Compare the beginning of a word."""
    return word.startswith(part)


def is_part(part: str, word: str) -> bool:
    """Compare any part of a word."""
    return part in word


def has_in_url(word: str) -> Condition:
    """Match a word of the URL."""
    return lambda story, text: word in story.url_words


def has_author(name: str) -> Condition:
    """Match the beginning of an author's name."""
    return lambda story, text: any(one.startswith(name) for one in text.authors)


def is_of_site(site: int) -> Condition:
    """Match a site."""
    return lambda story, text: story.site == site


def reverse(condition: Condition) -> Condition:
    """Match what a condition does not."""
    return lambda story, text: not condition(story, text)


def hold_all(conditions: list[Condition]) -> Condition:
    """Match what all conditions do."""
    return lambda story, text: all(one(story, text) for one in conditions)


def hold_any(conditions: list[Condition]) -> Condition:
    """Match what one of the conditions does."""
    return lambda story, text: any(one(story, text) for one in conditions)


def make_queries(count: int) -> list[tuple[str, Condition]]:
    """Make queries of one to three conditions."""
    chance = random.Random(11)
    drawn = conditions(chance)
    queries = []
    for _ in range(count):
        typed, tests = [], []
        for place in range(chance.choice((1, 1, 2, 3))):
            words, test, may_exclude = next(drawn)
            excludes = bool(place) and may_exclude and chance.random() < 0.3
            typed.append(f"-{words}" if excludes else words)
            tests.append(reverse(test) if excludes else test)
        queries.append((" ".join(typed), hold_all(tests)))
    return queries


def check_exactness(indexes: list[Index], stories: list[Story], queries: list[tuple[str, Condition]]) -> None:
    """Compare total, facets, histogram, order and pages of each query."""
    by_version = {text.id: story for story in stories for text in story.texts}
    for place, (query, holds) in enumerate(queries):
        found = {story.id: [text for text in story.texts if holds(story, text)] for story in stories}
        matching = {story.id: story for story in stories if found[story.id]}
        sections = Counter(one for key in matching for one in {text.section.lower() for text in found[key]})
        authors = Counter(one for key in matching for one in {name for text in found[key] for name in text.authors})
        order = ORDERS[place % len(ORDERS)]
        answers = [index.ask(search_with_facets, query, limit=7, offset=3, order=order) for index in indexes]
        for answer in answers:
            facets = {facet.name: {value.name: value.articles for value in facet.values} for facet in answer.facets}
            assert answer.page.total == len(matching), query
            # A facet with a chosen value counts as if none were chosen.
            if "section:" not in query:
                assert {name.lower(): count for name, count in facets.get("section", {}).items()} == sections, query
            if "site:" not in query:
                assert Counter(facets.get("site", {})) == Counter(f"s{one.site}" for one in matching.values()), query
            assert all(authors[name] == count for name, count in facets.get("author", {}).items()), query
            assert sum(bar.articles for bar in answer.histogram.bars) == len(matching), query
            assert {hit.article_id for hit in answer.page.hits} <= set(matching), query
        assert [hit.version_id for hit in answers[0].page.hits] == [hit.version_id for hit in answers[-1].page.hits]
        listed = [index.ask(find_version_ids, query, limit=100_000, order=order) for index in indexes]
        assert listed[0] == listed[-1], (query, order)
        assert listed[0][3:10] == [hit.version_id for hit in answers[0].page.hits], (query, order)
        assert sorted(by_version[one].id for one in listed[0]) == sorted(matching), query
        assert all(one == max(text.id for text in found[by_version[one].id]) for one in listed[0]), query
        if order == "newest":
            dates = [by_version[one].dated_at for one in listed[0]]
            assert dates == sorted(dates, reverse=True)


@pytest.mark.parametrize(
    ("count", "asked"), [(80, 40), pytest.param(1_500, 400, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_both_databases_find_exactly_what_counting_by_hand_finds(
    sqlite_url: str, postgres_url: str, count: int, asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words, phrases, near, wildcards, fields and filters, in every order: totals, facets and lists are exact."""
    # Several segments in the search folder, as in a large archive.
    monkeypatch.setattr("storage.index.search.follower._COMMIT", 500)
    stories = make_stories(count, edited=3)
    with closing(Index.open(sqlite_url)) as one, closing(Index.open(postgres_url)) as other:
        for index in (one, other):
            index.write(fill, stories)
            index.update_search()
        check_exactness([one, other], stories, make_queries(asked))


FORMER = ["red", "storm", "at", "the", "harbours"]
"""A paragraph, or headline, of a former text."""


@pytest.mark.parametrize(
    ("last", "lost"),
    [
        ({"paragraphs": [FORMER[:2], FORMER[2:]]}, ['"storm at"', "storm near/3 at", "storm-a*"]),
        ({"paragraphs": [[*FORMER, "tomorrow"]]}, []),
        ({"paragraphs": [FORMER[2:], FORMER[:2]]}, ['"storm at"', "storm near/3 at"]),
        ({"paragraphs": [[*FORMER[:2], "quietly", *FORMER[2:]]]}, ['"storm at"', "storm-a*"]),
        ({"paragraphs": [[*FORMER[:4], "harbour"]]}, ["harbours*", '"harbours"', '"the harbours"']),
        ({"paragraphs": [["green", *FORMER[1:]]]}, ["red", "r*d", "rad~1", '"red storm"', "red OR x", "red -green"]),
        ({"headline": ["calm"], "dek": FORMER}, ["headline:storm", "headline:harbour", "headline:st*m", "-calm"]),
        ({"section": "Sport"}, ["section:world", "world", "storm section:world"]),
        ({"authors": ["Ann B2"]}, ["author:b1", '"ann b1"', "storm author:b1"]),
        ({"tags": []}, ['"tag 1"']),
    ],
)  # fmt: skip
def test_what_only_a_former_text_says_is_found_in_it(index: Index, last: dict[str, Any], lost: list[str]) -> None:
    """Only what an edit took out, by any kind of term: by all others the last text is found."""
    said: dict[str, Any] = {
        "headline": FORMER, "dek": [], "paragraphs": [FORMER], "section": "World", "authors": ["Ann B1"],
        "tags": ["tag 1"], "language": "en",
    }  # fmt: skip
    if "headline" not in last:
        said["headline"] = ["vote"]
    texts = [
        Text(id=number, number=number, is_newest=number == 3, **said | (last if number == 3 else {}))
        for number in (1, 2, 3)
    ]
    dated = datetime(2020, 1, 1, tzinfo=UTC)
    index.write(fill, [Story(id=1, site=0, dated_at=dated, url_words=["https", "news", "example", "a"], texts=texts)])
    others = ["storm", '"red storm"', "storm near/3 at", "har*", "the~1", "section:world", "author:b1"]
    for query in (*others, *lost):
        assert index.ask(find_version_ids, query, limit=9) == [2 if query in lost else 3], query


def test_a_former_text_tells_which_of_its_words_come_back(index: Index) -> None:
    """Found in a former text is what no later one says; of a word that is back in the last, that one."""
    said: dict[str, Any] = {"dek": [], "section": "World", "authors": [], "tags": [], "language": "en"}
    printed = [(["storm", "vote"], ["red", "storms", "vote"]), (["calm"], ["green", "vote"]), (["calm"], ["storm"])]
    texts = [
        Text(id=number, number=number, is_newest=number == 3, headline=headline, paragraphs=[words], **said)
        for number, (headline, words) in enumerate(printed, 1)
    ]
    dated = datetime(2020, 1, 1, tzinfo=UTC)
    index.write(fill, [Story(id=1, site=0, dated_at=dated, url_words=["https", "news", "example", "a"], texts=texts)])
    documents = index.read(lambda connection: list(load_documents(connection, [1])))
    marks: dict[int, Any] = {int(str(each["version"])): each["marks"] for each in documents}
    gone, back, moved = GONE + hash_term("red"), hash_term("storm"), MOVED + hash_term("vote")
    assert {gone, back, moved, GONE + hash_term("storms")} <= {*marks[1]}
    assert {GONE + hash_term("green"), GONE + hash_term("vote")} <= {*marks[2]}
    newest = {"red": 1, "storms": 3, '"storms"': 1, "storm": 3, "headline:storm": 1, "vote": 2, "headline:vote": 1,
              "green vote": 2, "red vote": 1, "calm": 3, "red -calm": 1, "red OR green": 2}  # fmt: skip
    assert {query: index.ask(find_version_ids, query, limit=9) for query in newest} == {
        query: [version] for query, version in newest.items()
    }


SMALL = ("storm", "storms", "vote", "votes", "voted", "haus", "news", "new")


@pytest.mark.parametrize("hashes", [1, 3, 1 << 20])
def test_the_newest_of_the_texts_that_match_stands_for_its_article(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, hashes: int
) -> None:
    """Words go, come back, are added and change their form, of few words, with few hashes, and with texts left out."""
    chance = random.Random(hashes)
    for module in (documents, translate):
        monkeypatch.setattr(module, "hash_term", lambda term: f"{crc32(term.encode()) % hashes:x}")
    stories, ids = [], iter(range(1, 1_000))
    for number in range(1, 61):
        said: dict[str, Any] = {"section": "World", "authors": [], "tags": [], "language": chance.choice(("en", "de"))}
        texts = []
        for place in range(1, 7):
            fresh: dict[str, Any] = {
                part: chance.choices(SMALL, k=chance.randint(0, 2)) for part in ("headline", "dek")
            }
            fresh |= {"paragraphs": [chance.choices(SMALL, k=2)], "section": chance.choice(("World", "Sport"))}
            kept = chance.sample(sorted(fresh), chance.randrange(4)) if place > 1 else []
            said |= {name: value for name, value in fresh.items() if name not in kept}
            texts.append(Text(id=next(ids), number=place, is_newest=place == 6, **said))
        url, dated = ["https", "news", "example", f"n{number}"], BEGIN + timedelta(days=number)
        stories.append(Story(id=number, site=chance.randrange(4), dated_at=dated, url_words=url, texts=texts))

    def move_captures(connection: Connection) -> None:
        for text_id in range(1, next(ids)):
            row = {"id": text_id, "site": chance.randint(1, 4)}
            connection.execute(sql("UPDATE captures SET site_id = :site WHERE id = :id"), row)

    left_out = (
        Exclusions(), Exclusions(hidden=frozenset({"s1"})), Exclusions(embargoes=(("s2", BEGIN + timedelta(days=9)),))
    )  # fmt: skip
    with closing(Index.open(sqlite_url)) as index:
        index.write(fill, stories)
        index.write(move_captures)
        index.update_search()
        for exclude in left_out:
            (index.excluding(exclude) if exclude else index).ask(check_newest_texts, chance)


def check_newest_texts(scope: ReadScope, chance: random.Random) -> None:
    """Random searches find of each article the last of all texts that match."""
    search = matches.Search(scope)
    kinds = (
        "{}", '"{}"', "{} {}", "{} OR {}", "{} -{}", "{} {} -{}", "{} OR {} -{}", "headline:{}", "{} -headline:{}",
        "{0:.2}*", "{} {:.3}*", "{}~1", '{} -"{}"', "({} OR {}) {}", "{} section:world", "{} language:en", "-{}",
        "headline:{} -{}", "{} -{:.2}*", '"{} {}"', "{} {} section:sport", "{} {:.2}* -{}",
        "{:.2}* OR *{:.3}*", "{:.2}* section:world", "{}~1 language:en", "{:.3}* OR {}", "headline:{:.2}*",
    )  # fmt: skip
    for kind in kinds * 12:
        query = parse_query(kind.format(*chance.choices(SMALL, k=3)), EVERYTHING)
        for of_texts in (False, True):
            found = search.find(query, of_texts=of_texts)
            every = zip(*search.engine.list_columns(found.every, "standing", "version"), strict=True)
            last = {standing >> documents.STANDING_BITS: version for standing, version in sorted(every)}
            assert found.count() == len(last), (kind, query)
            assert sorted(found.list_versions("newest", 1_000)) == sorted(last.values()), (kind, query)


def test_a_gone_word_is_found_though_another_has_its_hash(index: Index) -> None:
    """A later text with another word of the same hash, in the former text or not, does not hide the former text."""
    first_of: dict[str, str] = {}
    pairs = ((first_of.setdefault(hash_term(word), word), word) for word in (f"w{each}" for each in range(1 << 17)))
    one, other = next((first, word) for first, word in pairs if first != word)
    said: dict[str, Any] = {"headline": ["vote"], "dek": [], "section": "World", "authors": [], "tags": []}
    stories: list[Story] = []
    printed = ([[one, other], [other], [other]], [[one, other], ["calm"], [other]], [[one], [other]],
               [[one, other], ["calm"], [one]])  # fmt: skip
    for story, paragraphs in enumerate(printed, 1):
        texts = [
            Text(id=10 * story + place, number=place, is_newest=place == len(paragraphs), paragraphs=[words],
                 language="en", **said)
            for place, words in enumerate(paragraphs, 1)
        ]  # fmt: skip
        dated, url = datetime(2020, 1, story, tzinfo=UTC), ["https", "news", "example", f"a{story}"]
        stories.append(Story(id=story, site=0, dated_at=dated, url_words=url, texts=texts))
    index.write(fill, stories)
    documents = index.read(lambda rows: list(load_documents(rows, [1, 2, 3, 4])))
    marks: dict[int, Any] = {int(str(each["version"])): each["marks"] for each in documents}
    assert [key for key in sorted(marks) if SHARED + hash_term(one) in marks[key]] == [11, 21, 41]
    assert index.ask(find_version_ids, one, limit=9) == [43, 31, 21, 11]
    assert index.ask(find_version_ids, other, limit=9) == [41, 32, 23, 13]
    assert index.ask(find_version_ids, f"{one} {other}", limit=9) == [41, 21, 11]


def test_patterns_find_articles_as_their_texts_are_found(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Results, facets, histogram and copies are the same, whether an article is found by its last text or by each."""
    chance, stories, ids = random.Random(9), [], iter(range(1, 2_000))
    paragraphs = [
        [*chance.choices(STEMS, k=3), *(f"w{10 * part + word}" for word in range(17 + part))] for part in range(9)
    ]
    for number in range(1, 121):
        facets: dict[str, Any] = {
            "section": "World", "authors": ["Ann B1"], "tags": [], "language": "en", "headline": ["a"], "dek": [],
        }  # fmt: skip
        texts = []
        for place in range(1, 5):
            if number % 3 == 0:
                facets |= {"section": chance.choice(SECTIONS), "language": chance.choice(("en", "de"))}
                facets["authors"] = chance.choice(([], ["Ann B1"], ["Ann B2", "Ann B3"]))
            body = chance.sample(paragraphs, 2)
            if number % 3 == 1:
                body.append(chance.choice((["(Reuters)"], ["(AFP)"], ["calm"])))
            texts.append(Text(id=next(ids), number=place, is_newest=place == 4, paragraphs=body, **facets))
        url, dated = ["https", "news", "example", f"n{number}"], BEGIN + timedelta(days=17 * number)
        stories.append(Story(id=number, site=number % SITES, dated_at=dated, url_words=url, texts=texts))
    index.write(fill, stories)
    narrowed: tuple[dict[str, Any], ...] = (
        {}, {"section": "world"}, {"language": ("de", "en")}, {"byline": "Ann B2"}, {"author": "b3"},
        {"agency": "Reuters"}, {"site": "s1"}, {"since": BEGIN + timedelta(days=700)}, {"newest_only": True},
        {"edited": False}, {"articles": tuple(range(40))},
    )  # fmt: skip
    queries = ("w1*", "*5*", "w12~1", "w1* OR w9~1", "w3* OR *17", "w14* OR calm", "w2* -w9*", "w2* w7*", "reut*")
    orders: tuple[Order, ...] = ("newest", "longest", "edits")
    asked = [
        (query, filters, chance.choice(orders), chance.random() < 0.7) for query in queries for filters in narrowed
    ]

    def ask_all() -> list[FacetedSearch]:
        return [
            index.ask(search_with_facets, query, Filters(**filters), order=order, fold=fold, limit=200)
            for query, filters, order, fold in asked
        ]

    monkeypatch.setattr(EngineSearcher, "remember", lambda _self, _key, make: make())
    found = ask_all()
    monkeypatch.setattr(translate.Translation, "match_anywhere", lambda *_: None)
    for each, by_texts, what in zip(found, ask_all(), asked, strict=True):
        assert each == by_texts, what
    assert sum(hit.version_id % 4 != 0 for each in found for hit in each.page.hits) > 200
    assert sum(hit.papers for each in found for hit in each.page.hits) > 200


def test_several_values_of_a_facet_are_alternatives_and_stay_visible(index: Index) -> None:
    """Each value's number is what choosing it as well would add."""
    stories = make_stories(80)
    index.write(fill, stories)
    found = index.ask(search_with_facets, "", Filters(site=("s1", "s2"), section=("World",)))
    chosen = [
        story
        for story in stories
        if story.site in (1, 2) and any(text.section.lower() == "world" for text in story.texts)
    ]
    assert found.page.total == len(chosen)
    facets = {facet.name: facet.values for facet in found.facets}
    assert {value.name for value in facets["site"] if value.is_chosen} == {"s1", "s2"}
    for value in facets["site"]:
        alone = index.ask(search_with_facets, "", Filters(site=value.name, section="world"))
        assert value.articles == alone.page.total


def test_a_query_that_finds_nothing_is_followed_by_one_that_does(index: Index) -> None:
    """The most frequent word that differs in one letter, not in the first; none that only withheld pages have."""
    stories = make_stories(40)
    index.write(fill, stories)
    found = index.ask(search_with_facets, "harbuor vote")
    assert (found.page.total, found.page.suggestion) == (0, "harbour vote")
    assert index.ask(search_with_facets, "harbour").page.suggestion is None
    assert index.ask(search_with_facets, "xarbour").page.suggestion is None
    withheld = index.excluding(Exclusions(hidden=frozenset(f"s{site}" for site in range(SITES))))
    assert withheld.ask(search_with_facets, "harbuor").page.suggestion is None
