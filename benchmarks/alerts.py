"""Measure what a thousand saved searches cost a crawl: CPU of comparing new texts with them, as a share of the crawl's.

    python -m benchmarks.alerts [--articles 600] [--searches 1000]

Crawls a local newsroom without alerts. Then its articles are compared with the searches, in passes as long apart as in
a crawl. The searches are words, phrases, patterns, alternatives and fields, from the texts of the same articles.
"""

import argparse
import json
import random
import tempfile
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.crawling import ours
from benchmarks.newsroom import newsroom
from newsarchive.alerts.delivery import POLL_SECONDS
from newsarchive.alerts.matching import find_hits, open_store
from newsarchive.archive import Archive
from newsarchive.config.toml_file import to_toml
from storage.index.queries.export import iter_export_lines

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MOST = 0.02
"""Share of the articles with a word that is searched for, at most: people do not ask to be told of each article."""
FORMS = ("{0} {1}", '"{0} {1}"', "{0} -{1}", "headline:{0}", "{0}* {1}", "{0} OR {1}", "{0} near/5 {1}")


def write_searches(folder: Path, count: int) -> None:
    """Add alerts with the words of articles to newsarchive.toml."""
    chance = random.Random(7)
    with Archive.open(folder) as archive:
        texts = [f"{line['headline']} {line['body']}".lower() for line in archive.index.stream(iter_export_lines)]
    counts = Counter(word for text in texts for word in {*text.split()} if word.isalpha())
    words = sorted(word for word, count in counts.items() if count <= len(texts) * MOST)
    queries = [chance.choice(FORMS).format(*chance.sample(words, 2)) for _ in range(count)]
    with (folder / "newsarchive.toml").open("a") as file:
        for number, query in enumerate(queries):
            file.write(f'\n[[alert]]\nname = "a{number}"\nquery = {to_toml(query)}\nwebhook = "http://127.0.0.1:9/"\n')


def measure_passes(folder: Path, passes: int) -> tuple[float, int]:
    """Return CPU seconds of comparing all articles with all alerts, each pass an equal part, and the hits."""
    with Archive.open(folder) as archive, closing(open_store(folder)) as store:
        with store:
            store.run("activate-alerts", keys=json.dumps([alert.key for alert in archive.config.alerts]))
        articles = [int(row[0]) for row in archive.index.read(list_ids)]
        parts = [articles[start::passes] for start in range(passes)]
        begin = time.process_time()
        for part in parts:
            compare_part(archive, store, part)
        cpu = time.process_time() - begin
        (hits,) = store.execute("SELECT count(*) FROM tellings").fetchone()
    return cpu, hits


def list_ids(connection: object) -> list[tuple[int]]:
    """Return the ids of all articles."""
    return list(connection.exec_driver_sql("SELECT id FROM articles"))  # type: ignore[attr-defined]


def compare_part(archive: Archive, store: object, part: list[int]) -> None:
    """Compare some articles as one pass does."""
    from unittest.mock import patch

    with patch("newsarchive.alerts.matching.find_changed_articles", lambda *_: ("index", "mark", part)):
        find_hits(archive, store, NOW, changes=False)  # type: ignore[arg-type]


def main() -> None:
    """Crawl, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=600)
    parser.add_argument("--searches", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name, newsroom(options.articles, 210_000) as url:
        folder = Path(name)
        run = ours(url, folder)
        passes = max(1, round(run.cost.wall / POLL_SECONDS))
        write_searches(folder, options.searches)
        cpu, hits = measure_passes(folder, passes)
    print(f"crawl: {run.pages:,} pages, {run.cost.cpu:.1f} CPU s, {run.cost.wall:.0f} s")
    print(f"{options.searches:,} searches, {passes} passes: {cpu:.2f} CPU s, {hits:,} hits, {cpu / run.cost.cpu:.1%}")


if __name__ == "__main__":
    main()
