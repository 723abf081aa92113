"""The programs that a user might crawl a newsroom with, each set as its own documentation has it for that."""

import json
import re
import sqlite3
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

from benchmarks import newsroom
from benchmarks.cost import ROOT
from benchmarks.crawling import COMMAND, CONFIG
from benchmarks.peers.environments import Environment
from benchmarks.peers.peer import Course, Peer
from benchmarks.peers.readers import NEWSPLEASE

OURS = "newsarchive"
LAYOUT = """
[[site.layout]]
headline = "h1"
body = "div.story, div.body, div.text, div[itemprop=articleBody]"
authors = "[rel=author], div.by, div.info"
published = "time, div.date, div.info"
drop = ["body > .mega", "body > .slot-outer", "body > .sitemap-foot"]
"""
"""The selectors of the newsroom's four templates, as fundus has them too; and what holds nothing of any article: the
folded menu, the empty slots, the long foot. Neither a reading nor the index is another for what is dropped."""
SPARING = "reader_processes = 1\ncommit_every = 128\ncommit_seconds = 3.0\n"
"""One process that reads, and transactions twice as large: for those who count processor time."""
SCRIPTS = Path(__file__).with_name("scripts")
NAIVE = Path(__file__).parents[1] / "naive.py"
WARCPROX = Environment(name="warcprox", requirements=("warcprox==2.13.1", "aiohttp==3.14.5"))
# Newer versions of curl-cffi lack a name that fundus imports.
FUNDUS = Environment(name="fundus", requirements=("fundus==0.5.7", "curl-cffi==0.15.0"))
NEWSPAPER = Environment(name="newspaper4k", requirements=("newspaper4k[all]==0.9.6",))
_NO_PAGES = "png,svg,css,xml,gz"
"""Images, style sheets and feeds: what newsarchive and the naive script leave be here too."""


def _newsarchive(course: Course) -> Sequence[str]:
    (course.folder / "newsarchive.toml").write_text(CONFIG.format(url=course.url))
    return [*COMMAND, "crawl", "--archive", str(course.folder)]


def _told_the_layout(course: Course) -> Sequence[str]:
    command = _newsarchive(course)
    config = course.folder / "newsarchive.toml"
    config.write_text(f"{SPARING}{config.read_text()}{LAYOUT}")
    return command


def _naive(course: Course) -> Sequence[str]:
    return [str(course.python), str(NAIVE), course.url, str(course.folder)]


def _wget(course: Course) -> list[str]:
    words = ["wget", "--recursive", "--level=inf", "--compression=auto", "--no-verbose", "--delete-after"]
    return [*words, f"--reject={_NO_PAGES}", f"--directory-prefix={course.folder / 'pages'}"]


def _wget_alone(course: Course) -> Sequence[str]:
    words = [f"--warc-file={course.folder / 'wget'}", "--warc-cdx", f"--warc-tempdir={course.folder}"]
    return [*_tolerant(), *_wget(course), *words, course.url]


def _wget_through(course: Course) -> Sequence[str]:
    client = [*_tolerant(), *_wget(course), "-e", "use_proxy=yes", "-e", "http_proxy={proxy}", course.url]
    return [str(course.python), str(SCRIPTS / "through_warcprox.py"), str(course.folder), *client]


def _tolerant() -> list[str]:
    """Wget ends with 8 where any page is missing, as some of the newsroom's are."""
    return ["sh", "-c", '"$@"; status=$?; [ $status = 0 ] || [ $status = 8 ]', "sh"]


def _client_through(course: Course) -> Sequence[str]:
    client = [str(course.python), str(SCRIPTS / "ask_all.py"), course.url, "{proxy}"]
    return [str(course.python), str(SCRIPTS / "through_warcprox.py"), str(course.folder), *client]


def _newsplease(course: Course) -> Sequence[str]:
    (installed,) = course.python.parents[1].glob("lib/python3*/site-packages/newsplease")
    config = (installed / "config" / "config.cfg").read_text("utf-8")
    for name, value in _NEWSPLEASE.items():
        config = re.sub(rf"^{name} *=.*$", f"{name} = {value}", config, flags=re.MULTILINE)
    config = re.sub(r"^working_path *=.*$", f"working_path = {course.folder}/", config, flags=re.MULTILINE)
    (course.folder / "config.cfg").write_text(config)
    site = {"base_urls": [{"url": course.url, "crawler": "SitemapCrawler"}]}
    (course.folder / "sitelist.hjson").write_text(json.dumps(site))
    script = str(SCRIPTS / "crawl_with_newsplease.py")
    return [str(course.python), script, str(course.folder / "config.cfg"), str(course.folder / "sitelist.hjson")]


_OTHERS = "'readability_extractor', 'date_extractor', 'lang_detect_extractor'"
_NEWSPLEASE = {
    "LOG_LEVEL": "WARNING",
    "CONCURRENT_REQUESTS_PER_DOMAIN": "16",
    # Its own, but none that asks for each page's images to find the largest.
    "extractors": f"['newspaper_extractor_no_images', {_OTHERS}]",
    # By default only pages with og:type are articles: a third of these are not.
    "enabled_heuristics": '{"crawler_contains_only_article_alikes": True}',
    "pass_heuristics_condition": '"crawler_contains_only_article_alikes"',
}


def _fundus(course: Course) -> Sequence[str]:
    return [str(course.python), str(SCRIPTS / "crawl_with_fundus.py"), course.url, str(course.folder / "out.jsonl")]


def _newspaper(course: Course) -> Sequence[str]:
    return [str(course.python), str(SCRIPTS / "crawl_with_newspaper.py"), course.url, str(course.folder / "out.jsonl")]


def _read_export(folder: Path) -> Iterable[str]:
    words = [*COMMAND, "export", "--format", "jsonl", "--archive", str(folder)]
    lines = subprocess.run(words, check=True, capture_output=True, cwd=ROOT).stdout.splitlines()
    return (found["url"] for found in map(json.loads, lines) if found["body"])


def _rows(folder: Path) -> Iterable[str]:
    with closing(sqlite3.connect(folder / "naive.sqlite3")) as connection:
        return [url for (url,) in connection.execute("SELECT url FROM articles WHERE text != ''")]


def _lines(folder: Path) -> Iterable[str]:
    lines = (folder / "out.jsonl").read_text("utf-8").splitlines()
    return (found["url"] for found in map(json.loads, lines) if found["text"])


def _files(folder: Path) -> Iterable[str]:
    files = (json.loads(file.read_text("utf-8")) for file in folder.rglob("*.json"))
    return (found["url"] for found in files if found.get("maintext"))


CRAWLERS = (
    Peer(
        name=OURS,
        command=_newsarchive,
        settings="`newsarchive crawl`, delay 0, without requisites, all history",
        undone="–",
        again="a revisit record",
        accepts=newsroom.OURS,
        warcs="warc/*.warc.gz",
        texts=_read_export,
    ),
    Peer(
        name="newsarchive, told the layout",
        command=_told_the_layout,
        settings="the same, with selectors of headline, body, authors and date, as fundus has them, without menus and "
        "slots; one process that reads, larger transactions",
        undone="–",
        again="a revisit record",
        accepts=newsroom.OURS,
        warcs="warc/*.warc.gz",
        texts=_read_export,
    ),
    Peer(
        name="naive script",
        command=_naive,
        settings="Scrapy's CrawlSpider, trafilatura JSON with metadata, warcio, sqlite3; 16 at once",
        undone="exact bytes, request records, revisits, resume, sitemaps, versions, link groups, search, schedule",
        again="all of it",
        accepts=newsroom.ALL_CODINGS,
        warcs="naive.warc.gz",
        texts=_rows,
    ),
    Peer(
        name="news-please",
        command=_newsplease,
        settings="1.6.16, SitemapCrawler, 16 at once, all of the sitemap taken for articles, HTML and JSON files",
        undone="WARC (it keeps decoded HTML), listings, versions, link groups, search, schedule",
        again="all of it",
        accepts=newsroom.ALL_CODINGS,
        slow=True,
        environment=NEWSPLEASE,
        texts=_files,
    ),
    Peer(
        name="fundus",
        command=_fundus,
        settings="0.5.7, sitemap, no delay, a parser written for the newsroom's four templates",
        undone="WARC or any page, listings, versions, link groups, search, schedule; a parser has to be written a site",
        again="the article",
        environment=FUNDUS,
        texts=_lines,
    ),
    Peer(
        name="newspaper4k",
        command=_newspaper,
        settings="0.9.6, handed the sitemap's addresses, 8 threads, without images",
        undone="finding older articles, WARC or any page, robots.txt, versions, link groups, search, schedule",
        again="the article",
        accepts="gzip, br",
        slow=True,
        environment=NEWSPAPER,
        texts=_lines,
    ),
    Peer(
        name="wget",
        command=_wget_alone,
        settings="`--recursive --level=inf --warc-file --warc-cdx`, images and style sheets left out",
        undone="articles, sitemaps, feeds, schedule; one connection",
        again="all of it, but for --warc-dedup",
        program="wget",
        warcs="wget*.warc.gz",
    ),
    Peer(
        name="warcprox + client",
        command=_client_through,
        settings="2.13.1, `--gzip`, deduplication in SQLite; asyncio client, 16 at once, the sitemap's addresses",
        undone="articles, listings, schedule; finding pages is the client's task",
        again="a revisit record",
        accepts=newsroom.ALL_CODINGS,
        environment=WARCPROX,
        warcs="warcs/*.warc.gz",
    ),
    Peer(
        name="warcprox + wget",
        command=_wget_through,
        settings="the same proxy; wget as above without its own WARC file",
        undone="articles, sitemaps, feeds, schedule; one connection",
        again="a revisit record",
        program="wget",
        environment=WARCPROX,
        warcs="warcs/*.warc.gz",
    ),
)
