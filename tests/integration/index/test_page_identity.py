"""Law 1 and 5: what is one article, and what a site sends in place of articles, is judged over all captures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from storage.index import Index
from storage.index.queries.articles import find_article_id, get_article, iter_captures
from storage.index.queries.export import iter_export_lines
from storage.index.search.results import search_articles
from storage.index.write.replace_readings import RereadFilter
from storage.model import (
    Article,
    Capture,
    Discovery,
    Ingest,
    NextVisit,
    Outcome,
    Paragraph,
    Reading,
    RecordPlace,
    RefersTo,
    Role,
    Site,
    UrlKind,
    VisitResult,
)
from storage.page_date import SourcedDate
from tests.sizes import few_and_all

Plan = Callable[[VisitResult], NextVisit]
NEWS = Site(name="news", url="https://news.example/")
START = datetime(2026, 3, 1, 6, tzinfo=UTC)
WORDS = "harbour bridge council ferry lorry quay tide mill school budget storm rail market museum library park".split()


def story(name: str, length: int = 4) -> tuple[str, ...]:
    """Return the paragraphs of a story; those of another name share none of them."""
    chance = Random(name)
    return tuple(f"{name}: " + " ".join(chance.choices(WORDS, k=20)) + "." for _ in range(length))


MAINTENANCE = (
    "We are carrying out planned maintenance on our systems and will be back as soon as we can.",
    "Thank you for your patience while our engineers work on the site tonight.",
)


@dataclass
class World:
    """Captures of a site, made one after the other."""

    made: list[Ingest]

    def page(self, path: str, texts: Sequence[str], headline: str = "", *, at: float = 0, **article: Any) -> Ingest:
        """Add a page that is read as an article; `at` is its time in hours. Keywords change the article."""
        titles = {name: article.pop(name) for name in ("title", "anchor") if name in article}
        url = f"https://news.example{path}"
        read = Article(
            url=url,
            canonical_url=f"https://news.example{article.pop('canonical', path)}",
            headline=headline or texts[0][:30],
            language="en",
            paragraphs=tuple(Paragraph(role=Role.TEXT, text=text) for text in texts),
        )
        reading = Reading(outcome=Outcome.ARTICLE, reason="its text", article=replace(read, **article))
        return self._add(url, at, reading, **titles)

    def redirect(self, path: str, target: str, *, at: float, status: int = 301) -> Ingest:
        """Add a redirect."""
        reading = Reading(outcome=Outcome.REDIRECT, reason=f"{status}")
        found = self._add(f"https://news.example{path}", at, reading)
        capture = replace(found.capture, status=status, redirect_url=f"https://news.example{target}")
        self.made[-1] = replace(found, capture=capture)
        return self.made[-1]

    def same(self, original: Ingest, *, at: float) -> Ingest:
        """Add a revisit with the bytes of an earlier capture of the URL."""
        found = self._add(original.capture.url, at, Reading(outcome=Outcome.NOT_MODIFIED, reason="the same bytes"))
        named = RefersTo(record_id=original.capture.record_id, url=original.capture.url, date=original.capture.date)
        capture = replace(found.capture, kind="revisit", profile="identical-payload-digest", refers_to=named)
        self.made[-1] = replace(found, capture=capture)
        return self.made[-1]

    def _add(self, url: str, at: float, reading: Reading, **titles: Any) -> Ingest:
        number = len(self.made) + 1
        moment = START + timedelta(hours=at, seconds=number)
        capture = Capture(
            url=url,
            record_id=f"urn:uuid:{(number * 7919) % 10_007:012d}",
            place=RecordPlace(warc="a.warc.gz", offset=number * 1000, length=900),
            kind="response",
            fetched_at=moment,
            date=moment.isoformat().replace("+00:00", "Z"),
            status=200,
            mime="text/html",
            payload_digest=f"sha256:{number:064d}",
            payload_size=5000,
        )
        discovery = Discovery(site="news", kind=UrlKind.ARTICLE, **titles)
        self.made.append(Ingest(capture=capture, discovery=discovery, reading=reading))
        return self.made[-1]


@pytest.fixture
def world() -> World:
    """Captures, none so far."""
    return World([])


def articles(index: Index) -> dict[str, list[str]]:
    """Return the headlines of all versions by the path of the article."""
    found: dict[str, list[str]] = {}
    for line in index.stream(iter_export_lines, all_versions=True):
        found.setdefault(line["canonical_url"].removeprefix("https://news.example"), []).append(line["headline"])
    return found


def outcomes(index: Index) -> list[str]:
    """Return the outcomes of all captures, oldest first."""
    return [str(capture.outcome) for capture in index.stream(iter_captures, order="oldest")]


def deliver(index: Index, made: Sequence[Ingest], plan: Plan) -> None:
    """Commit captures at once, and settle."""
    index.register_sites([NEWS])
    index.commit(made, plan)
    index.settle()


def test_one_text_at_first_looks_without_evidence_is_no_article(index: Index, world: World, plan: Plan) -> None:
    """A maintenance page at the first look on many articles: none of it is one; each is kept and named."""
    for number in range(6):
        world.page(f"/news/story-{number}", MAINTENANCE, "We will be back soon")
    deliver(index, world.made, plan)
    assert articles(index) == {}
    assert outcomes(index) == ["soft_error"] * 6
    assert index.ask(search_articles, "maintenance").total == 0
    for number in range(6):
        world.page(f"/news/story-{number}", story(f"own {number}"), f"Story {number}", at=5)
    deliver(index, world.made, plan)
    assert articles(index) == {f"/news/story-{number}": [f"Story {number}"] for number in range(6)}


def test_one_text_in_place_of_known_articles_is_no_version(index: Index, world: World, plan: Plan) -> None:
    """Without evidence, or with an article's markup of its own: it replaces different articles, so it is none."""
    for declared in (False, True):
        own = World([])
        for number in range(4):
            own.page(f"/news/story-{number}", story(f"own {number}"), f"Story {number}", declared=True)
        for number in range(4):
            own.page(f"/news/story-{number}", MAINTENANCE, "We will be back soon", at=5, declared=declared)
        index.reset()
        deliver(index, own.made, plan)
        assert articles(index) == {f"/news/story-{number}": [f"Story {number}"] for number in range(4)}
        assert outcomes(index) == ["article"] * 4 + ["soft_error"] * 4
    del world


REGION = (
    "This content is not available in your region. We are sorry, and we are working on it with our partners.",
    "Readers in other places can go on reading it; if you think that this is an error, write to our service desk.",
)


@pytest.mark.parametrize("at", [0, 5])
@pytest.mark.parametrize(
    "printed",
    [
        "",
        "It is {hour}:{minute:02d} on {day} November 2026.",
        "Requested: {path} (code 8f{minute}c-{hour}).",
        "You cannot read \u201c{headline}\u201d here.",
        "{headline}",
    ],
)
def test_one_text_under_the_headline_of_each_article_is_no_version(
    index: Index, world: World, plan: Plan, printed: str, at: int
) -> None:
    """With the article's own headline, date and JSON-LD, and with the title of its source; first or later."""
    expected = {}
    for number in range(8):
        headline = f"The {WORDS[number]} is closed to {number + 2} lorries"
        own = {"declared": True, "published": SourcedDate(at=START - timedelta(days=number), source="json-ld")}
        path = f"/news/2311/{number}"
        detail = printed.format(path=path, headline=headline, hour=number + 9, minute=number * 7, day=number + 1)
        world.page(path, (*REGION, *filter(None, [detail])), headline, at=at, title=headline, **own)
        world.page(path, story(f"own {number}"), headline, at=3, title=headline, **own)
        expected[path] = [headline]
    chance = Random(at)
    _deliver_in_parts(index, world.made, chance, plan)
    assert articles(index) == expected
    assert sorted(outcomes(index)) == ["article"] * 8 + ["soft_error"] * 8
    assert index.ask(search_articles, "region").total == 0


SENTENCES = (
    "Readers in Oslo may look again on Tuesday.",
    "The rights are with a partner who sells them abroad, and nobody here can tell for how long that will be so.",
    "Ask your library for the printed paper.",
    "A court in Lyon has a say in it.",
    "It may be open to you by summer, if talks go well.",
    "No one else is barred.",
)


def test_short_texts_that_begin_alike_are_versions(index: Index, world: World, plan: Plan) -> None:
    """A stub that the article follows, and a page that is never anything else."""
    expected = {}
    for number, sentence in enumerate(SENTENCES):
        path, headline = f"/news/{number}", f"The {WORDS[number]} is closed to lorries"
        stub = ("This is a breaking news story and will be updated.", sentence)
        world.page(path, stub, headline, at=number, title=headline, declared=True)
        if number:
            world.page(path, story(f"own {number}"), headline, at=9, title=headline, declared=True)
        expected[path] = [headline, headline][: number + 1]
    _deliver_in_parts(index, world.made, Random(1), plan)
    assert articles(index) == expected


@pytest.mark.parametrize("is_named", [True, False])
def test_an_article_that_is_sent_at_all_addresses_keeps_its_own(
    index: Index, world: World, plan: Plan, is_named: bool
) -> None:
    """For an hour or more after it was seen at its own; its later edits are versions of it."""
    headlines = [f"The {WORDS[number]} is closed to lorries" for number in range(6)]
    for at in (0, 30, 60):
        for number, headline in enumerate(headlines):
            sent = 0 if at == 30 else number
            edit = (f"The {WORDS[number + 8]} of {WORDS[number]} says so in a letter to us.",) if at == 60 else ()
            own = {"declared": True, "published": SourcedDate(at=START - timedelta(days=sent), source="json-ld")}
            titles = {"title": headline} if is_named else {}
            texts = (*story(f"own {sent}"), *edit)
            world.page(f"/news/{number}", texts, headlines[sent], at=at, **own, **titles)
    _deliver_in_parts(index, world.made, Random(is_named), plan)
    assert articles(index) == {f"/news/{number}": [headline] * 2 for number, headline in enumerate(headlines)}
    assert sorted(outcomes(index)) == ["article"] * 13 + ["soft_error"] * 5


def test_a_wire_story_under_several_headlines_is_no_error(index: Index, world: World, plan: Plan) -> None:
    """Under headlines of their own four pages print it, correct it, and one of them had another text before."""
    pages = {f"/wire/{number}": f"{WORDS[number]} vote: what it means".capitalize() for number in range(4)}
    world.page("/wire/0", story("stub", 1), pages["/wire/0"], declared=True)
    for at, texts in enumerate([story("wire"), (*story("wire"), "Correction: the vote was on Monday.")], 1):
        for path, headline in pages.items():
            world.page(path, texts, headline, at=at, declared=True, title=headline)
    deliver(index, world.made, plan)
    expected = {path: [headline] * 2 for path, headline in pages.items()}
    assert articles(index) == expected | {"/wire/0": [pages["/wire/0"]] * 3}
    assert set(outcomes(index)) == {"article"}


def test_one_notice_added_to_many_articles_is_a_version_of_each(index: Index, world: World, plan: Plan) -> None:
    """The text of each stays: nothing is replaced."""
    notice = "Correction: an earlier version of this article misstated the number of seats in the council."
    for at, more in enumerate([(), (Paragraph(role=Role.CORRECTION, text=notice),)]):
        for number in range(8):
            texts = story(f"own {number}", 2)
            own = (*more, *(Paragraph(role=Role.TEXT, text=text) for text in texts))
            world.page(f"/{number}", texts, f"Story {number}", at=at, declared=True, paragraphs=own)
    deliver(index, world.made, plan)
    assert articles(index) == {f"/{number}": [f"Story {number}"] * 2 for number in range(8)}


def test_a_text_without_evidence_in_place_of_one_article_is_no_version(index: Index, world: World, plan: Plan) -> None:
    """Also at a single address, first or last, as on a small site. An edit that keeps headline or text is a version."""
    for path, first, then in (("/one", 0, 5), ("/two", 5, 0)):
        world.page(path, story(path), f"Story {path}", at=first, declared=True)
        world.page(path, (f"There is no connection to the internet, so {path} waits.",), "You are offline", at=then)
    deliver(index, world.made, plan)
    assert articles(index) == {"/one": ["Story /one"], "/two": ["Story /two"]}
    assert sorted(outcomes(index)) == ["article", "article", "soft_error", "soft_error"]
    world.page("/one", (*story("/one")[:2], *story("new")[:1]), "A new headline", at=8)
    world.page("/two", story("other"), "Story /two", at=8)
    deliver(index, world.made, plan)
    assert articles(index) == {"/one": ["Story /one", "A new headline"], "/two": ["Story /two", "Story /two"]}


@pytest.mark.parametrize(
    "printed",
    [
        "The page {url} cannot be shown.",
        "It is {hour}:{minute:02d} on {day} November 2026, and the path is {path}.",
        "Reference: 8f{minute}c-{hour}{day}, {words}.",
    ],
)
def test_a_time_or_path_on_a_soft_error_makes_no_difference(
    index: Index, world: World, plan: Plan, printed: str
) -> None:
    """Also with small differences a text in place of articles is none."""
    for number in range(5):
        words = f"the {WORDS[number]} is closed to lorries"
        path = f"/news/2311/{words.replace(' ', '-')}"
        detail = printed.format(
            url=f"https://news.example{path}", path=path, hour=number + 9, minute=number * 7, day=number + 1,
            words=words.title(),
        )  # fmt: skip
        world.page(path, (*MAINTENANCE, detail), "We will be back soon")
    deliver(index, world.made, plan)
    assert articles(index) == {}
    assert outcomes(index) == ["soft_error"] * 5


def test_pages_that_differ_in_numbers_alone_are_articles_each(index: Index, world: World, plan: Plan) -> None:
    """A series written by a program, with metadata of its own: numbers tell its articles apart."""
    for number in range(5):
        text = f"The index closed at {4000 + number} points on Monday, {number} more than a week before."
        date = SourcedDate(at=START + timedelta(days=number), source="json-ld")
        world.page(f"/markets/{number}", (text,), f"Index closes at {4000 + number}", published=date)
    deliver(index, world.made, plan)
    assert articles(index) == {f"/markets/{n}": [f"Index closes at {4000 + n}"] for n in range(5)}


def test_one_text_under_endless_addresses_is_one_article(index: Index, world: World, plan: Plan) -> None:
    """Without a canonical URL: one article with the address that has no query, all captures kept as captures of it."""
    for name in ("one", "two"):
        for number in range(6):
            path = f"/{name}?zx={number}" if number != 2 else f"/{name}"
            texts = (*story(name), f"Permanent address: https://news.example{path}")
            world.page(path, texts, f"Story {name}", at=number, declared=True)
    deliver(index, world.made, plan)
    assert articles(index) == {"/one": ["Story one"], "/two": ["Story two"]}
    assert outcomes(index) == ["article"] * 12
    found = index.ask(find_article_id, "https://news.example/one?zx=5")
    assert found is not None
    assert found == index.ask(find_article_id, "https://news.example/one")
    article = index.ask(get_article, found)
    assert article is not None
    assert len({capture.url for capture in article.captures}) == 6
    assert [version.captures for version in article.versions] == [6]
    assert index.ask(search_articles, "permanent").total == 2


def test_one_text_on_two_sites_is_an_article_of_each(index: Index, world: World, plan: Plan) -> None:
    """Whether their captures are compared together, as by a rebuild, or after each crawl."""
    other = Site(name="wire", url="https://wire.example/")
    found = world.page("/one", story("one"), "Story one", declared=True)
    assert found.reading.article is not None
    url = "https://wire.example/one"
    copied = replace(found.reading.article, url=url, canonical_url=url)
    capture = replace(found.capture, url=url, record_id="urn:uuid:copy", place=replace(found.capture.place, offset=1))
    copy = replace(
        found,
        capture=capture,
        discovery=replace(found.discovery, site="wire"),
        reading=replace(found.reading, article=copied),
    )
    index.register_sites([NEWS, other])
    index.commit([found, copy], plan)
    index.settle()
    lines = {line["site"]: line["canonical_url"] for line in index.stream(iter_export_lines)}
    assert lines == {"news": "https://news.example/one", "wire": url}


def test_an_edit_seen_at_one_address_is_a_version_of_the_article(index: Index, world: World, plan: Plan) -> None:
    """Texts of which one is an edit of the other do not part the addresses."""
    before, after = story("one", 5), (*story("one", 5), "Correction: the harbour has two bridges.")
    world.page("/one", before, "Story", declared=True)
    world.page("/one?zx=1", before, "Story", at=1, declared=True)
    world.page("/one", after, "Story, corrected", at=2, declared=True)
    deliver(index, world.made, plan)
    assert articles(index) == {"/one": ["Story", "Story, corrected"]}


def test_addresses_with_unlike_texts_part_again(index: Index, world: World, plan: Plan) -> None:
    """They were one article; since one has a text of its own they are two, each with all that it showed."""
    for path in ("/one", "/one?zx=1"):
        world.page(path, story("shared"), "Shared", declared=True)
    deliver(index, world.made, plan)
    assert articles(index) == {"/one": ["Shared"]}
    world.page("/one?zx=1", story("other"), "Other", at=3, declared=True)
    deliver(index, world.made, plan)
    assert articles(index) == {"/one": ["Shared"], "/one?zx=1": ["Shared", "Other"]}


def test_a_page_that_shows_the_newest_story_joins_no_articles(index: Index, world: World, plan: Plan) -> None:
    """The text of each story stands there for a day: the stories stay articles of their own, with their texts."""
    for number in range(4):
        world.page(f"/story-{number}", story(f"own {number}"), f"Story {number}", at=24 * number, declared=True)
        world.page("/latest", story(f"own {number}"), f"Story {number}", at=24 * number + 1, declared=True)
    deliver(index, world.made, plan)
    found = articles(index)
    assert found.pop("/latest") == [f"Story {number}" for number in range(4)]
    assert found == {f"/story-{number}": [f"Story {number}"] for number in range(4)}


def test_an_article_that_is_sent_for_deleted_ones_stays_one(index: Index, world: World, plan: Plan) -> None:
    """It has the title by which its source names it; at the other addresses it is no version."""
    world.page("/news/top", story("top"), "The top story of the day", declared=True, title="The top story of the day")
    for number in range(3):
        world.page(f"/news/{number}", story(f"own {number}"), f"Story {number}", declared=True, title=f"Story {number}")
        world.page(
            f"/news/{number}", story("top"), "The top story of the day", at=9, declared=True, title=f"Story {number}"
        )
    deliver(index, world.made, plan)
    expected = {f"/news/{number}": [f"Story {number}"] for number in range(3)}
    assert articles(index) == expected | {"/news/top": ["The top story of the day"]}


@pytest.mark.parametrize("status", [301, 308])
def test_an_article_moved_for_good_is_one_article_with_both_addresses(
    index: Index, world: World, plan: Plan, status: int
) -> None:
    """Also if it was edited on the way, and over a chain of redirects; it is live, at its new address."""
    world.page("/old", story("one"), "Story", declared=True)
    world.redirect("/old", "/between", at=2, status=status)
    world.redirect("/between", "/new", at=2, status=status)
    world.page("/new", (*story("one"), "A paragraph that was added later."), "Story", at=2, declared=True)
    world.redirect("/old", "/between", at=9, status=status)
    deliver(index, world.made, plan)
    assert articles(index) == {"/new": ["Story", "Story"]}
    found = index.ask(find_article_id, "https://news.example/old")
    assert found is not None
    assert found == index.ask(find_article_id, "https://news.example/new")
    article = index.ask(get_article, found)
    assert article is not None
    assert article.state == "live"
    assert {capture.url for capture in article.captures} >= {"https://news.example/old", "https://news.example/new"}


def test_a_redirect_to_another_story_or_for_now_joins_nothing(index: Index, world: World, plan: Plan) -> None:
    """A dead article that leads to a story of the day, a temporary redirect to an edited text: two articles each."""
    world.page("/old", story("one"), "Story one", declared=True)
    world.redirect("/old", "/today", at=1)
    world.page("/today", story("two"), "Story two", at=1, declared=True)
    world.page("/third", story("three"), "Story three", declared=True)
    world.redirect("/third", "/fourth", at=1, status=302)
    world.page("/fourth", (*story("three"), "One more paragraph."), "Story three", at=1, declared=True)
    deliver(index, world.made, plan)
    assert set(articles(index)) == {"/old", "/today", "/third", "/fourth"}


def test_a_new_canonical_url_moves_an_article(index: Index, world: World, plan: Plan) -> None:
    """The same URL, whose page names another canonical URL from some day on: one article with both."""
    world.page("/old", story("one"), "Story", declared=True)
    world.page("/old", (*story("one"), "More."), "Story", at=1, declared=True, canonical="/new")
    deliver(index, world.made, plan)
    assert articles(index) == {"/new": ["Story", "Story"]}


def test_daily_items_with_the_same_text_stay_articles(index: Index, world: World, plan: Plan) -> None:
    """The publisher dates them: a puzzle of each day."""
    for day in range(4):
        date = SourcedDate(at=START + timedelta(days=day), source="json-ld")
        world.page(f"/puzzle/{day}", ("Solve today's puzzle in the box below.",), "Puzzle", at=24 * day, published=date)
    deliver(index, world.made, plan)
    assert set(articles(index)) == {f"/puzzle/{day}" for day in range(4)}


def world_of(chance: Random) -> list[Ingest]:
    """Return captures by chance, of few pages and texts, so that pages are joined and part."""
    made = World([])
    paths = ["/a", "/a?zx=1", "/a?zx=2", "/b", "/b/amp", "/c", "/d"]
    for _ in range(chance.randint(2, 16)):
        path, at = chance.choice(paths), chance.randint(0, 96)
        kind = chance.choice(["page"] * 7 + ["maintenance", "maintenance", "redirect", "same", "region"])
        if kind == "same" and made.made:
            original = chance.choice(made.made)
            made.same(original, at=at)
        elif kind == "redirect":
            made.redirect(path, chance.choice(paths), at=at, status=chance.choice([301, 302, 308]))
        elif kind == "region":
            texts = (SENTENCES[3], chance.choice(SENTENCES))
            made.page(path, texts, f"Headline {path[1]}", at=at, declared=chance.random() < 0.5)
        elif kind == "maintenance":
            headline = chance.choice(["Back soon", "Back soon", f"Headline {path[1]}"])
            made.page(path, (*MAINTENANCE, f"It is {at}:00."), headline, at=at, declared=chance.random() < 0.4)
        else:
            _add_story(made, chance, path, at)
    return made.made


def _add_story(made: World, chance: Random, path: str, at: int) -> None:
    name = chance.choice(["a", "a", "b", "c"])
    texts = story(name) if chance.random() < 0.6 else (*story(name), f"Edit {chance.randint(0, 1)}.")
    date = SourcedDate(
        at=START - timedelta(days=chance.randint(0, 1) * 9), source=chance.choice(["json-ld", "visible"])
    )
    made.page(
        path, texts, f"Headline {name}", at=at, declared=chance.random() < 0.5,
        canonical=chance.choice([path, path, path, "/a", "/b"]), published=chance.choice([None, date]),
        title=chance.choice([None, f"Headline {name}"]),
    )  # fmt: skip


def _deliver_in_parts(index: Index, made: Sequence[Ingest], chance: Random, plan: Plan) -> None:
    """Commit captures in an order and in parts by chance; settle between some."""
    index.register_sites([NEWS])
    order = chance.sample(made, len(made))
    while order:
        size = chance.randint(1, 4)
        index.commit(order[:size], plan)
        order = order[size:]
        if chance.random() < 0.4:
            index.settle()
    index.settle()


@pytest.mark.parametrize("seeds", few_and_all(1, 20))
def test_identity_depends_on_the_captures_alone(
    index: Index, plan: Plan, seeds: int, dump: Any, different: Any
) -> None:
    """In any order, in any parts, settled in between or not: the same articles, versions and outcomes."""
    for seed in range(seeds):
        chance = Random(seed)
        made = world_of(chance)
        index.reset()
        deliver(index, made, plan)
        tables = dump(index)
        index.reset()
        _deliver_in_parts(index, made, chance, plan)
        assert different(tables, dump(index)) == {}, seed
        units = list(index.iter_captures_to_reread(RereadFilter(extractor="2", everything=True)))
        by_record = {ingest.capture.record_id: ingest for ingest in made}
        for unit in units:
            index.replace_readings([by_record[held.record_id] for held in unit], plan)
        index.settle()
        assert different(tables, dump(index)) == {}, (seed, "read again")


def test_a_soft_error_is_looked_at_again(index: Index, world: World) -> None:
    """The schedule is told that it is a soft error, not an article that stays unchanged."""
    seen: list[VisitResult] = []

    def plan(visit: VisitResult) -> NextVisit:
        seen.append(visit)
        return NextVisit(due_at=visit.fetched_at + timedelta(hours=1), failure_count=0, unchanged_count=0)

    for hour in range(2):
        for number in range(3):
            world.page(f"/news/{number}", MAINTENANCE, "We will be back soon", at=hour)
    for ingest in world.made:
        deliver(index, [ingest], plan)
    assert [str(visit.outcome) for visit in seen] == ["article"] + ["soft_error"] * 5
    assert not any(visit.is_duplicate for visit in seen)
