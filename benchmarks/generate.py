"""Fill an index with a large invented archive, to measure the browser against.

    python -m benchmarks.generate FOLDER [--articles 200000] [--index postgresql+psycopg://...] [--seed 7]

Makes the folder of an archive, unless it is there already. Its index holds that many articles, three versions and ten
captures for each: twenty sites over ten years in English, German, Chinese and Arabic, with front pages, related links,
wire copy, disclaimers, moved and missing pages, failed captures, and runs week by week after a first one of a year. The
rows are as a crawl would have written them. Of the WARC files that they name one exists: it has pages of some articles
(PAGES), to replay.
"""

import argparse
import hashlib
import random
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, func, select, text, update

from benchmarks.invented import ARABIC, CHINESE, LATIN, Pages, Story, Words, tables
from newsarchive.diff.edits import EditKind
from storage.article_fields import format_time
from storage.index.engine.database import Database
from storage.index.rows.article_changes import recompute_changes, store_edits
from storage.index.rows.interning import short_digest, split_key
from storage.index.schema.tables import METADATA, ArticleRow, ChangeRow, WarcFileRow
from storage.index.text.analyzer import fold_text

BEGIN = datetime(2016, 1, 1, tzinfo=UTC)
SPAN = timedelta(days=3650)
SITES = 20
LISTING_CAPTURES = 1.0
"""Captures of front pages for one article."""
SECTIONS = ("Politics", "World", "Business", "Sport", "Culture", "Science", "Local", "Opinion")
LOOKS = (0, 1, 6, 24, 72, 168, 720, 1440, 2160, 4320)
"""Hours after publication at which an article is captured."""
PAGES = 200
"""Articles that have a page in a WARC file, spread over the whole."""
REPEATED = 300
"""Paragraphs that several articles of a site carry, most of them by chance."""
KINDS = tuple(kind.value for kind in EditKind)
"""Of edits, the rarest first."""
FAILURES = (("error", 503), ("challenge", 403), ("soft_404", 200), ("gone", 404))
_PER_FILE = 20_000
_PAGES_FILE = 1_000_000
"""Id of the file that exists."""
_BATCH = 1_000


class Maker:
    """Makes the archive, a batch of articles at a time."""

    def __init__(self, articles: int, seed: int) -> None:
        self.articles = articles
        self._chance = random.Random(seed)
        latin, german, arabic = (Words(self._chance, of, count=25_000) for of in (LATIN, LATIN, ARABIC))
        chinese = Words(self._chance, CHINESE, count=6_000, between="")
        self._words = {"en": latin, "de": german, "zh": chinese, "ar": arabic}
        self._site_languages = ["en"] * 13 + ["de"] * 3 + ["zh"] * 3 + ["ar"]
        self._recent: dict[int, list[Story]] = {}
        self._wire: list[Story] = []
        self._ids = dict.fromkeys(("url", "capture", "version", "paragraph", "group"), 0)
        self._paragraphs: dict[str, int] = {}
        self._disclaimers: dict[int, int] = {}
        self._offset = 0
        self.pages = Pages()
        self.tables = tables()
        self._people = [self._words["en"].line(2, 2).title() for _ in range(3000)]
        self._people = list(dict.fromkeys(self._people))
        self._tags = list(dict.fromkeys(self._words["en"].line(1, 2) for _ in range(5000)))

    def beginning(self) -> None:
        """Sites, names, runs, WARC files."""
        add = self.tables
        files = int(self.articles * (10 + LISTING_CAPTURES)) // _PER_FILE + 1
        for number in range(1, _run(BEGIN + SPAN) + 1):
            at = BEGIN + timedelta(weeks=number + 50 if number > 1 else 0)
            until = at + (timedelta(weeks=1) if number > 1 else timedelta(weeks=52))
            add["crawls"].add(number, f"{at:%Y%m%dT%H%M%SZ}-made", at, until, "finished", {"pages": 1000})
        for number in range(1, files + 1):
            add["warc_files"].add(number, f"made-{number:05}.warc.gz", 1, "closed", 10**9, "0" * 64)
        add["warc_files"].add(_PAGES_FILE, Pages.name, 1, "closed", 10**9, "0" * 64)
        for site_id in range(1, SITES + 1):
            name, host = f"paper{site_id}", f"www.paper{site_id}.example"
            add["sites"].add(site_id, name, f"https://{host}/", f"The {name.title()}", True, None, False)
            add["site_hosts"].add(site_id, host)
            for number in range(1, _run(BEGIN + SPAN) + 1):
                add["crawl_sites"].add(number, site_id)
            front = self._url(f"https://{host}/", site_id)
            add["sources"].add(front, site_id, "listing", f"{name} front page", 20, BEGIN, BEGIN + SPAN, BEGIN + SPAN)
            language = self._site_languages[site_id - 1]
            disclaimer = self._paragraph(f"{name}: " + self._words[language].sentence(40, 60))
            self._disclaimers[site_id] = disclaimer
            add["boilerplate"].add(site_id, disclaimer, self.articles // SITES, BEGIN, BEGIN + SPAN, True)
            for often in range(REPEATED):
                line = self._paragraph(f"{name}, {often}: " + self._words[language].sentence(5, 9))
                add["boilerplate"].add(site_id, line, 2 + often, BEGIN, BEGIN + SPAN, often > REPEATED - 30)
            add["lanes"].add(site_id, name, host)
            add["frontier"].add(front, site_id, "listing", None, None, None, BEGIN + SPAN, 0, 0, 0, BEGIN + SPAN, 0)
        for number, person in enumerate(self._people, 1):
            add["authors"].add(number, person, fold_text(person))
        for number, tag in enumerate(self._tags, 1):
            add["tags"].add(number, tag)

    def batch(self, first: int, last: int) -> tuple[range, range]:
        """Articles of these numbers; returns the ids of articles and of versions that were made."""
        before = self._ids["version"]
        for number in range(first, last):
            self._article(number)
        return range(first, last), range(before + 1, self._ids["version"] + 1)

    @property
    def captures(self) -> int:
        """Number of them so far."""
        return self._ids["capture"]

    def _next(self, of: str) -> int:
        self._ids[of] += 1
        return self._ids[of]

    def _url(self, url: str, site_id: int) -> int:
        url_id = self._next("url")
        self.tables["urls"].add(url_id, site_id, url, *split_key(url), short_digest(url))
        return url_id

    def _paragraph(self, paragraph: str) -> int:
        paragraph_id = self._next("paragraph")
        self.tables["paragraphs"].add(paragraph_id, short_digest(f"{paragraph_id}{paragraph}"), paragraph)
        return paragraph_id

    def _article(self, number: int) -> None:
        chance, words_of = self._chance, self._words
        published = BEGIN + SPAN * (number / self.articles) ** 0.8
        site_id = min(int(chance.expovariate(0.18)) + 1, SITES)
        language = self._site_languages[site_id - 1]
        words = words_of[language]
        headline = words.sentence(5, 11)[:-1]
        url = f"https://www.paper{site_id}.example/{published:%Y/%m/%d}/story-{number}"
        url_id = self._url(url, site_id)
        texts = [self._paragraph(words.sentence(18, 45)) for _ in range(chance.randint(4, 8))]
        if self._wire and chance.random() < 0.08:
            source = chance.choice(self._wire)
            texts = [*source.texts, texts[0]] if source.language == language else texts
        story = Story(url_id=url_id, site_id=site_id, url=url, headline=headline, texts=texts, language=language)
        versions = chance.choice((1, 1, 2, 2, 3, 3, 4, 5, 6))
        looks = sorted(chance.sample(LOOKS[1:], k=chance.randint(max(versions, 8), 10) - 1))
        self.tables["articles"].add(
            number, site_id, url_id, published, published + timedelta(hours=looks[-1] if looks else 0), published,
            "live",
        )  # fmt: skip
        self._history(number, story, published, versions=versions, looks=[0, *looks])
        self._mishaps(number, story, published)
        self._front_page(story, published)
        self._remember(story)

    def _history(self, number: int, story: Story, published: datetime, *, versions: int, looks: Sequence[int]) -> None:
        """Captures of an article, and the version that each shows."""
        chance, add = self._chance, self.tables
        changes = {0, *chance.sample(range(1, len(looks)), k=versions - 1)}
        group = self._related(story)
        authors = self._few(len(self._people), chance.choice((0, 1, 1, 1, 2)))
        tags = self._few(len(self._tags), chance.choice((0, 1, 2, 3)))
        section = SECTIONS[int(chance.triangular(0, len(SECTIONS), 0))]
        texts, shown, original = story.texts, 0, 0
        for position, hours in enumerate(looks):
            at = published + timedelta(hours=hours, minutes=5)
            changed = position in changes
            if changed:
                shown += 1
                version_id = self._next("version")
                texts = self._edited(texts, story.language) if position else texts
            is_page = not position and number % max(self.articles // PAGES, 1) == 0
            capture_id = self._capture(
                story, at, "response" if changed else "revisit", number, version_id,
                original=0 if changed else original, page=self.pages.add(story, at) if is_page else None,
            )  # fmt: skip
            if not changed:
                continue
            original = capture_id
            digest = hashlib.sha256(b"version %d" % version_id).digest()
            add["versions"].add(
                version_id, number, capture_id, shown, shown == versions, digest,
                story.headline, self._words[story.language].sentence(8, 16), story.language,
                format_time(published), published, "json-ld", format_time(at), at, "json-ld", section, "free",
                False, False, None, None, len(texts) + 1, True,
                False, "body" if shown > 1 else "", False, f"body:{version_id}" if versions > 1 else None,
                story.site_id, story.url_id, None, hashlib.sha256(b"%d" % version_id).digest()[:16], 1, True,
                False,
            )  # fmt: skip
            for place, paragraph_id in enumerate([*texts, self._disclaimers[story.site_id]]):
                role = "text" if place < len(texts) else "disclaimer"
                add["version_paragraphs"].add(version_id, place, paragraph_id, role)
            for place, author in enumerate(authors):
                add["version_authors"].add(version_id, place, author)
            for place, tag in enumerate(tags):
                add["version_tags"].add(version_id, place, tag)
            add["capture_groups"].add(capture_id, 0, group)

    def _mishaps(self, number: int, story: Story, published: datetime) -> None:
        """What the frontier knows of it; for a few, an older address that leads to it, or a capture that failed."""
        chance, host = self._chance, f"www.paper{story.site_id}.example"
        due = BEGIN + SPAN + timedelta(hours=number % 5000) if chance.random() < 0.05 else None
        at = published + timedelta(days=190)
        self.tables["frontier"].add(
            story.url_id, story.site_id, "article", story.site_id, "listing", story.headline, due, 10, 0, 3, at, 0
        )
        if chance.random() < 0.05:
            old = Story(
                url_id=self._url(f"https://{host}/?p={number}", story.site_id), site_id=story.site_id, headline="",
                texts=[], language="",
            )  # fmt: skip
            self._capture(old, published, "response", None, None, outcome=("redirect", 301), leads_to=story.url_id)
        if chance.random() < 0.05:
            self._capture(story, at, "response", None, None, outcome=chance.choice(FAILURES))

    def _few(self, of: int, count: int) -> list[int]:
        """Some ids from 1, small ones often."""
        return list(dict.fromkeys(int(of * self._chance.random() ** 3) + 1 for _ in range(count)))

    def _edited(self, texts: list[int], language: str) -> list[int]:
        changed = list(texts)
        new = self._paragraph(self._words[language].sentence(18, 45))
        if self._chance.random() < 0.5:
            changed[self._chance.randrange(len(changed))] = new
        else:
            changed.append(new)
        return changed

    def _capture(  # noqa: PLR0913 - each is a column
        self, story: Story, at: datetime, kind: str, article: int | None, version: int | None, *, original: int = 0,
        outcome: tuple[str, int] | None = None, leads_to: int | None = None, page: tuple[int, int] | None = None,
    ) -> int:  # fmt: skip
        capture_id = self._next("capture")
        named, status = outcome or ("article" if article else "listing", 200)
        self._offset = (self._offset + 20_000) % 10**9
        file, offset, length = (capture_id - 1) // _PER_FILE + 1, self._offset, 19_500
        if page is not None:
            file, (offset, length) = _PAGES_FILE, page
        self.tables["captures"].add(
            capture_id, story.url_id, story.site_id, f"paper{story.site_id}", _run(at), file,
            offset, length, f"urn:uuid:{capture_id:032x}", kind, at, at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), status,
            "text/html", _sha(f"payload {original or capture_id}"), 60_000 if kind == "response" else 0,
            "identical-payload-digest" if original else None,
            f"urn:uuid:{original:032x}" if original else None, original or None, leads_to, named, "as made",
            20 if named == "listing" else 0, _sha(f"content {original or capture_id}"), kind == "response", False,
            article, version, version,
        )  # fmt: skip
        return capture_id

    def _related(self, story: Story) -> int:
        others = self._recent.get(story.site_id, [])
        return self._group("related", "More on this", others[-40::5])

    def _group(self, kind: str, label: str, stories: Sequence[Story]) -> int:
        group_id = self._next("group")
        self.tables["link_groups"].add(group_id, short_digest(f"group {group_id}"), kind, label)
        for position, other in enumerate(stories):
            self.tables["links"].add(group_id, position, other.url_id, other.headline)
        return group_id

    def _front_page(self, story: Story, at: datetime) -> None:
        """The front page of the story's site, captured as it comes out."""
        if self._chance.random() >= LISTING_CAPTURES:
            return
        front = Story(url_id=story.site_id, site_id=story.site_id, headline="", texts=[], language="")
        capture_id = self._capture(front, at + timedelta(minutes=30), "response", None, None)
        top = [story, *reversed(self._recent.get(story.site_id, [])[-19:])]
        self.tables["capture_groups"].add(capture_id, 0, self._group("listing", "Top stories", top))

    def _remember(self, story: Story) -> None:
        recent = self._recent.setdefault(story.site_id, [])
        recent.append(story)
        del recent[:-60]
        if self._chance.random() < 0.1:
            self._wire.append(story)
            del self._wire[:-200]


def _run(at: datetime) -> int:
    """The run of that time: one for the first year, then one a week."""
    return 1 + max(0, min((at - BEGIN).days // 7, 520) - 51)


def _sha(of: str) -> str:
    return "sha256:" + hashlib.sha256(of.encode()).hexdigest()


def fill(database: Database, warc: Path, articles: int, seed: int) -> Iterator[int]:
    """Write the archive; yields how many articles there are, batch by batch."""
    maker = Maker(articles, seed)
    maker.beginning()
    for first in range(1, articles + 1, _BATCH):
        write(database, maker, first, min(first + _BATCH, articles + 1))
        yield min(first + _BATCH, articles + 1) - 1
    (warc / Pages.name).write_bytes(maker.pages.content)
    compare(database, articles, seed)
    finish(database)


def write(database: Database, maker: Maker, first: int, last: int) -> tuple[int, float]:
    """Make articles of these numbers, and write them; returns how many rows, and the seconds that writing took."""
    _, versions = maker.batch(first, last)
    rows = sum(len(table.rows) for table in maker.tables.values()) + len(versions)

    def work(connection: Connection) -> None:
        if database.is_postgres:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in maker.tables.values():
            table.write(connection)

    began = time.perf_counter()
    database.write(work)
    return rows, time.perf_counter() - began


def compare(database: Database, articles: int, seed: int) -> None:
    """Find the changes of all articles, and tell the kind of each edit, by chance."""
    chance = random.Random(seed)

    def work(connection: Connection, first: int) -> None:
        recompute_changes(connection, range(first, first + _BATCH))
        columns = ChangeRow.article_id, ChangeRow.capture_id, ChangeRow.texts
        rows = connection.execute(select(*columns).where(ChangeRow.kinds.is_(None), ChangeRow.event == "edited"))
        store_edits(connection, [row._asdict() | _edit(chance) for row in rows.all()])
        connection.execute(update(ChangeRow).where(ChangeRow.kinds.is_(None)).values(kinds=""))

    for first in range(1, articles + 1, _BATCH):
        database.write(partial(work, first=first))


def _edit(chance: random.Random) -> dict[str, object]:
    kinds = chance.choices(KINDS, weights=range(1, len(KINDS) + 1), k=chance.choice((1, 1, 2)))
    return {
        "kinds": " ".join(dict.fromkeys(kinds)), "notice": chance.choice(("silent", "silent", "dated", "noted")),
        "added": int(chance.expovariate(0.005)), "removed": int(chance.expovariate(0.005)),
        "older": "Lorem ipsum dolor sit amet. " * 4, "newer": "Consectetur adipiscing elit. " * 4,
    }  # fmt: skip


def finish(database: Database) -> None:
    """Make the index such as it would be after a while."""
    database.write(lambda connection: _finish(connection, is_postgres=database.is_postgres))
    database.analyze()
    if database.is_postgres:
        # What the server does by itself in the first minutes after.
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


_COUNT_DAYS = """INSERT INTO daily_captures (site_id, day, outcome, captures)
SELECT site_id, to_char(fetched_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), outcome, count(*)
FROM captures GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""


def _finish(connection: Connection, *, is_postgres: bool) -> None:
    """Let surrogate keys go on where ours end, and the planner know how large the tables are."""
    if is_postgres:
        connection.execute(text(_COUNT_DAYS))  # rows were written without triggers
        for name, table in METADATA.tables.items():
            if "id" in table.c:
                connection.execute(text(f"SELECT setval('{name}_id_seq', (SELECT max(id) FROM {name}))"))
    else:
        connection.execute(text("ANALYZE"))


def prepare(folder: Path, index: str | None) -> Database:
    """The folder of an archive with its settings; returns its index."""
    (folder / "warc").mkdir(parents=True, exist_ok=True)
    line = f'index = "{index}"\n' if index else ""
    sites = "".join(
        f'\n[[site]]\nname = "paper{number}"\nurl = "https://www.paper{number}.example/"\n'
        for number in range(1, SITES + 1)
    )
    (folder / "newsarchive.toml").write_text(f'contact = "bench@localhost.example"\n{line}{sites}')
    return Database.open(index or f"sqlite:///{folder / 'index.sqlite3'}")


def main() -> None:
    """Make an archive."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--articles", type=int, default=200_000)
    parser.add_argument("--index", help="database URL; SQLite in the folder by default")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    began, cpu = time.perf_counter(), time.process_time()
    database = prepare(given.folder, given.index)
    with database.read_transaction() as connection:
        held = connection.scalar(select(func.count()).select_from(ArticleRow))
    if held:
        database.close()
        if held == given.articles:
            print(f"{given.folder} has its {held:,} articles already")
            return
        raise SystemExit(f"{given.folder} has {held:,} articles, not {given.articles:,}; name another folder, or index")
    for done in fill(database, given.folder / "warc", given.articles, given.seed):
        if done % 10_000 < _BATCH:
            print(f"{done:,} articles, {time.perf_counter() - began:.0f} s, CPU {time.process_time() - cpu:.0f} s")
    with database.read_transaction() as connection:
        files = connection.execute(select(WarcFileRow.name, WarcFileRow.size)).all()
    # Sparse files of the right size: where WARC files are missing, the health check reads their captures, and its time
    # would be measured, too.
    for name, size in files:
        with (given.folder / "warc" / name).open("ab") as file:
            file.truncate(max(size, file.tell()))
    database.close()


if __name__ == "__main__":
    main()
