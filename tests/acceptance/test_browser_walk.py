"""The web interface in Chromium: each kind of page of a demo archive, in phone and desktop size, light and dark, with
scripts and without (each pair of these, not each of the eight combinations).

`make screenshots` makes the last test save pictures of the main pages in docs/images.
"""

import base64
import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.error import HTTPError
from urllib.parse import quote, urljoin, urlsplit
from urllib.request import urlopen

import pytest
from lxml import html

from benchmarks.browser import connect
from benchmarks.questions import sample
from newsarchive.archive import Archive
from newsarchive.config.toml_file import load_config
from newsarchive.urls.wb_url import format_timestamp
from newsarchive.web.app import create_app
from storage.index.queries.articles import iter_captures, list_articles
from storage.index.queries.listings import list_listing_times
from storage.index.queries.status import list_crawls
from storage.index.queries.timeline import select_archived_urls
from storage.index.views.articles import ArticleView, CaptureFilters, Filters
from storage.model import Outcome
from tests.docs_sessions import build_pattern, read_session

sync_api = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

pytestmark = pytest.mark.slow

README = Path(__file__).parents[2] / "README.md"
SCREENSHOTS = "NEWSARCHIVE_SCREENSHOTS"
"""Environment variable with the folder for pictures, set by `make screenshots`."""
SIZES = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1280, "height": 900}}
Command = Callable[..., subprocess.CompletedProcess[str]]


@dataclass(frozen=True)
class Demo:
    """The archive of the demo, and its server."""

    folder: Path
    base: str
    """URL without a trailing slash."""
    output: str
    """Output of the command."""


@contextmanager
def serve_folder(folder: Path) -> Iterator[str]:
    """Run `newsarchive serve` for an archive and yield its URL without a trailing slash."""
    server = subprocess.Popen(
        [sys.executable, "-m", "newsarchive", "serve", "--port", "0", "--archive", folder],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert server.stdout is not None
    found = re.search(r" at (http://\S+)/ ", server.stdout.readline())
    assert found
    yield found[1]
    server.terminate()
    server.communicate(timeout=60)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Run `newsarchive demo` and the server that its output recommends."""
    folder = tmp_path_factory.mktemp("demo") / "demo-archive"
    run = [sys.executable, "-m", "newsarchive", "demo", str(folder)]
    made = subprocess.run(run, capture_output=True, text=True, timeout=300, check=True)
    with serve_folder(folder) as base:
        yield Demo(folder=folder, base=base, output=made.stdout)


def article_where(archive: Archive, fits: Callable[[ArticleView], bool]) -> ArticleView:
    """Return the first article that fulfils a condition."""
    articles = (archive.article(line.id) for line in archive.index.ask(list_articles, limit=200))
    return next(each for each in articles if each is not None and fits(each))


@pytest.fixture(scope="module")
def pages(demo: Demo) -> dict[str, tuple[str, int]]:
    """Return path and status of a page of each kind."""
    with Archive.open(demo.folder) as archive:
        index = archive.index
        front = archive.config.sites[0].url
        moments = [format_timestamp(moment) for moment in index.ask(list_listing_times, front, limit=10)]
        edited = article_where(archive, lambda each: len(each.versions) > 1 and not each.current.live_blog)
        gone = article_where(archive, lambda each: each.state == "gone")
        arabic = article_where(archive, lambda each: each.current.language == "ar")
        chinese = article_where(archive, lambda each: each.current.language == "zh")
        pictured = article_where(archive, lambda each: bool(each.current.image and each.current.authors))
        shown = article_where(
            archive,
            lambda each: (
                len(each.versions) > 1
                and bool(each.current.image and index.ask(select_archived_urls, [each.current.image]))
            ),
        )
        silent = article_where(archive, lambda each: each.current.section == "Sport" and len(each.versions) > 1)
        assets = tuple(index.stream(iter_captures, CaptureFilters(outcome=Outcome.ASSET)))
        revisit = next(iter(index.stream(iter_captures, CaptureFilters(outcome=Outcome.NOT_MODIFIED))))
        crawl = next(iter(index.ask(list_crawls, limit=1)), None)
        assert crawl is not None
        image = next(each for each in assets if each.url.endswith(".png"))
        sheet = next(each for each in assets if each.url.endswith(".css"))
        tag = pictured.current.tags[0] if pictured.current.tags else "History"
        there = {
            "home": "/",
            "search": "/search?q=harbour",
            "everything": "/search",
            "second page": "/search?page=2",
            "filtered": "/search?q=harbour&section=Sport&since=2026-04-20",
            "mistaken search": "/search?q=%22harbour&since=soon",
            "nothing found": "/search?q=xyzzy",
            "article": f"/article/{pictured.id}",
            "edited": f"/article/{edited.id}",
            "pictured": f"/article/{shown.id}",
            "old version": f"/article/{edited.id}?version=1",
            "gone": f"/article/{gone.id}",
            "Arabic": f"/article/{arabic.id}",
            "Chinese": f"/article/{chinese.id}",
            "compare": f"/article/{edited.id}/compare",
            "compare silent": f"/article/{silent.id}/compare",
            "compare one": f"/article/{pictured.id}/compare",
            "listings": "/listing",
            "listing": f"/listing?url={quote(front, safe='')}",
            "listing changes": f"/listing?url={quote(front, safe='')}&a={moments[-1]}&b={moments[0]}",
            "snapshot": f"/web/{moments[-1]}/{front}",
            "far snapshot": f"/web/2020/{edited.url}",
            "archived image": f"/web/{format_timestamp(image.fetched_at)}/{image.url}",
            "archived text": f"/web/{format_timestamp(sheet.fetched_at)}/{sheet.url}",
            "calendar": f"/calendar?url={quote(front, safe='')}",
            "calendar day": f"/calendar?url={quote(front, safe='')}&day={moments[-1][:8]}",
            "record": f"/record/{edited.current.capture.id}",
            "revisit": f"/record/{revisit.id}",
            "sites": "/sites",
            "site": "/site/lantern",
            "crawls": "/crawls",
            "crawl": f"/crawls/{crawl.id}",
            "crawl, gone": f"/crawls/{crawl.id}?outcome=gone",
            "author": f"/author/{quote(pictured.current.authors[0])}",
            "tag": f"/tag/{quote(tag)}",
            "section": "/section/lantern/Sport",
            "help": "/help",
            "exports": "/exports?q=harbour&section=Sport&section=Business&agency=dpa",
            "api": "/api",
            "changes": "/changes",
            "silent changes": "/changes?notice=silent",
            "trends": "/trends?q=harbour&q=ferry",
            "trends, shares": "/trends?q=harbour&q=ferry&chart=share",
            "alerts": "/alerts?query=harbour",
            "days": "/days",
            "day": "/2026/05/04",
            "month": "/2026/05",
            "year": "/2026",
            "without overlays": f"/web/{moments[-1]}bare_/{front}",
            "every copy": "/search?q=harbour&copies=all",
        }
        missing = {
            "not archived": f"/web/2026/{front}nothing/here",
            "elsewhere": "/web/2026/http://elsewhere.example/",
            "no such article": "/article/999999",
            "no such page": "/nowhere",
        }
    return {name: (path, 200) for name, path in there.items()} | {name: (path, 404) for name, path in missing.items()}


@dataclass
class Walk:
    """A browser context, and the faults found in it."""

    browser: Any
    base: str
    size: str
    scheme: str
    scripts: bool = True
    zone: str = "America/New_York"
    faults: list[str] = field(default_factory=list)
    path: str = ""
    """Of the page that was opened last, and the status that it should have."""
    status: int = 200
    tab: Any = None

    def __enter__(self) -> Self:
        """Open the context."""
        self.context = self.browser.new_context(
            viewport=SIZES[self.size],
            color_scheme=self.scheme,
            java_script_enabled=self.scripts,
            timezone_id=self.zone,
            locale="en-GB",
            reduced_motion="reduce",
        )
        return self

    def __exit__(self, *_: object) -> None:
        """Close the context."""
        self.context.close()

    def open(self, path: str, status: int = 200) -> Any:
        """Open a page, in the one tab of the walk, and record its requests and console messages."""
        if self.tab is None:
            self.tab = self.watch(self.context.new_page())
        self.path, self.status = path, status
        self.tab.set_viewport_size(SIZES[self.size])
        self.tab.emulate_media(media="null", color_scheme=self.scheme)
        answer = self.tab.goto(self.base + path, wait_until="load")
        if answer.status != status:
            self.fault(f"answers {answer.status}")
        return self.tab

    def fault(self, text: str) -> None:
        """Record a fault of the page that was opened last."""
        self.faults.append(f"{self.path}: {text}")

    def watch(self, opened: Any) -> Any:
        """Record faults of all that a tab shows."""

        def on_console(message: Any) -> None:
            if message.type in ("error", "warning") and not (self.status == 404 and "status of 404" in message.text):
                self.fault(f"console: {message.text}")

        def on_request(request: Any) -> None:
            if not request.url.startswith((f"{self.base}/", "data:", "about:")):
                self.fault(f"requests {request.url}")

        def on_response(response: Any) -> None:
            if response.status >= 400 and response.url != self.base + self.path:
                self.fault(f"{response.url} answers {response.status}")

        def on_failure(request: Any) -> None:
            # Leaving a page aborts the request of its icon.
            if request.failure != "net::ERR_ABORTED":
                self.fault(f"{request.url} fails")

        opened.on("console", on_console)
        opened.on("pageerror", lambda error: self.fault(f"a script fails: {error}"))
        opened.on("request", on_request)
        opened.on("response", on_response)
        opened.on("requestfailed", on_failure)
        return opened

    @staticmethod
    def follow(opened: Any, what: Any) -> None:
        """Click a link or button and wait until the next page is loaded.

        A click returns when the next page begins to load.
        """
        with opened.expect_navigation(wait_until="load"):
            what.click()

    def check_layout(self, opened: Any, name: str) -> None:
        """Record faults of the page's layout and structure."""
        found = opened.evaluate(SHAPE)
        if found["wider"]:
            self.faults.append(f"{name}: {found['wider']} px wider than the window: {found['widest']}")
        wanted = {"h1": 1, "main": 1, "header": 1}
        self.faults += [f"{name}: {found[what]} {what}" for what, count in wanted.items() if found[what] != count]
        if not found["title"].strip() or found["lang"] != "en":
            self.faults.append(f"{name}: title {found['title']!r}, language {found['lang']!r}")
        if found["skipped"]:
            self.faults.append(f"{name}: headings jump at {found['skipped']}")


SHAPE = """() => {
  const page = document.documentElement, wide = page.clientWidth;
  const outside = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > wide + 1);
  const levels = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((e) => [Number(e.tagName[1]), e]);
  return {
    wider: page.scrollWidth - wide,
    widest: outside.slice(0, 3).map((e) => e.tagName + "." + e.className).join(" "),
    h1: document.querySelectorAll("h1").length,
    main: document.querySelectorAll("main").length,
    header: document.querySelectorAll("body > header").length,
    title: document.title,
    lang: page.lang,
    skipped: levels.filter(([l], i) => l > (i ? levels[i - 1][0] : 0) + 1).map(([, e]) => e.textContent).join("; "),
  };
}"""
AXE_SCRIPT = axe.Axe().axe_script
AXE = {"resultTypes": ["violations"], "iframes": False}
"""Frames contain archived pages, whose faults are not ours."""
AXE_LOOKS = {**AXE, "runOnly": ["color-contrast", "target-size", "scrollable-region-focusable", "link-in-text-block"]}
"""Rules whose result depends on the size of the window or on its colours."""


SERIOUS = """async (options) => (await axe.run(options)).violations
  .filter((each) => ["serious", "critical"].includes(each.impact))
  .flatMap((each) => each.nodes.slice(0, 3).map((node) => `${each.id} at ${node.target}: ${node.html.slice(0, 160)}`))
"""


def serious(opened: Any, name: str, options: dict[str, Any] = AXE) -> list[str]:
    """Return the faults that axe rates serious or critical."""
    if not opened.evaluate("'axe' in window"):
        opened.evaluate(AXE_SCRIPT)
    return [f"{name}: {found}" for found in opened.evaluate(SERIOUS, options)]


def test_each_page_with_scripts(chromium: Any, demo: Demo, pages: dict[str, tuple[str, int]]) -> None:
    """No page is wider than the window, makes external requests, logs errors, or has a serious axe fault."""
    with Walk(chromium, demo.base, "phone", "light") as walk:
        for name, (path, status) in pages.items():
            opened = walk.open(path, status)
            walk.check_layout(opened, name)
            if status == 200:
                zoned = opened.locator("main time[data-local]").first
                if zoned.count():
                    # 08:00 UTC is 04:00 in New York; what hovers says UTC.
                    assert zoned.get_attribute("title").endswith("Z"), name
            walk.faults += serious(opened, name)
            opened.set_viewport_size(SIZES["desk"])
            opened.emulate_media(color_scheme="dark")
            walk.check_layout(opened, f"{name}, desk")
            walk.faults += serious(opened, f"{name}, desk", AXE_LOOKS)
        assert walk.faults == []


def test_each_page_without_scripts(chromium: Any, demo: Demo, pages: dict[str, tuple[str, int]]) -> None:
    """Everything works without JavaScript."""
    with Walk(chromium, demo.base, "phone", "dark", scripts=False) as walk:
        for name, (path, status) in pages.items():
            opened = walk.open(path, status)
            walk.check_layout(opened, name)
            opened.set_viewport_size(SIZES["desk"])
            opened.emulate_media(color_scheme="light")
            walk.check_layout(opened, f"{name}, desk")
        opened = walk.open("/")
        opened.locator(".quick input").fill("ferry")
        walk.follow(opened, opened.locator(".quick button"))
        assert opened.locator("main mark").count() > 0
        walk.follow(opened, opened.locator(".facet a").first)
        assert opened.locator(".chip").count() == 1
        assert walk.faults == []


def test_the_keyboard_reaches_everything(chromium: Any, demo: Demo, pages: dict[str, tuple[str, int]]) -> None:
    """Tab reaches all controls in document order, with a visible focus; the skip link works."""
    with Walk(chromium, demo.base, "desk", "light") as walk:
        for name in (
            "home",
            "search",
            "edited",
            "compare",
            "listing",
            "record",
            "site",
            "exports",
            "snapshot",
            "changes",
            "trends",
            "alerts",
            "day",
        ):
            opened = walk.open(pages[name][0])
            opened.keyboard.press("Tab")
            assert opened.evaluate("document.activeElement.className") == "skip"
            reached = opened.evaluate(REACHABLE)
            for _ in range(min(reached, 60)):
                seen = opened.evaluate(FOCUSED)
                assert seen["visible"], (name, seen)
                opened.keyboard.press("Tab")
            order = opened.evaluate("window.order")
            assert order == sorted(order), name
            opened.evaluate("document.querySelector('.skip').focus()")
            opened.keyboard.press("Enter")
            assert opened.evaluate("document.activeElement.id") == "main"
        assert walk.faults == []


REACHABLE = """() => {
  window.order = [];
  return [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")]
    .filter((e) => e.tabIndex >= 0 && e.checkVisibility({ visibilityProperty: true }))
    .filter((e) => e.type !== "radio" || e.checked).length - 1; // Tab stops once in a group of radio buttons
}"""
FOCUSED = """() => {
  const all = [...document.querySelectorAll("*")], here = document.activeElement;
  window.order.push(all.indexOf(here));
  const box = here.getBoundingClientRect(), style = getComputedStyle(here);
  const seen = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight;
  const marked = style.outlineStyle !== "none" || here.tagName === "IFRAME";
  return { what: here.outerHTML.slice(0, 120), visible: seen && marked };
}"""


def test_axe_finds_a_planted_fault(chromium: Any) -> None:
    """The check works: low contrast and an image without alt text are serious."""
    opened = chromium.new_page()
    opened.set_content("<html lang=en><title>t</title><main><h1 style='color:#ccc'>pale</h1><img src='data:,'></main>")
    assert {fault.split(": ")[1].split(" ")[0] for fault in serious(opened, "x")} == {"color-contrast", "image-alt"}
    opened.close()


def test_keys_page_through_a_search(chromium: Any, demo: Demo) -> None:
    """The keys n and p turn pages, j and k move between items, / focuses the search field and ? opens the help."""
    with Walk(chromium, demo.base, "desk", "light") as walk:
        opened = walk.open("/search")
        opened.keyboard.press("n")
        opened.wait_for_url("**/search?page=2")
        opened.keyboard.press("p")
        opened.wait_for_url("**/search")
        opened.keyboard.press("j")
        opened.keyboard.press("j")
        lines = opened.locator("[data-step]")
        assert lines.nth(1).get_attribute("data-here") == ""
        opened.keyboard.press("k")
        assert lines.nth(0).get_attribute("data-here") == ""
        opened.keyboard.press("/")
        assert opened.evaluate("document.activeElement.type") == "search"
        opened.keyboard.press("Escape")
        opened.keyboard.press("?")
        opened.wait_for_url("**/help#keyboard")
        assert walk.faults == []


def test_a_histogram_bar_leads_to_what_it_counts(chromium: Any, demo: Demo) -> None:
    """A click on a bar narrows the search to its period; removing the filter widens it again."""
    with Walk(chromium, demo.base, "desk", "light") as walk:
        opened = walk.open("/search?q=harbour")
        before = opened.locator("article.line").count()
        walk.follow(opened, opened.locator(".dated svg a").last)
        assert "since=" in opened.url
        assert 0 < opened.locator("article.line").count() < before
        walk.follow(opened, opened.locator(".chip").first)
        assert opened.locator("article.line").count() == before
        assert walk.faults == []


def test_times_are_the_readers_and_days_stay_days(chromium: Any, demo: Demo, pages: dict[str, tuple[str, int]]) -> None:
    """A capture of 08:00 UTC is at 04:00 in New York, in menus and titles too; a day is the same everywhere."""
    with Walk(chromium, demo.base, "desk", "light") as walk:
        opened = walk.open("/search")
        days = opened.locator("article time:not([data-local])")
        assert days.count() > 0
        for one in days.all():
            assert len(one.get_attribute("datetime")) == len("2026-05-04")
            day = int(one.get_attribute("datetime")[8:10])
            assert one.inner_text().startswith(f"{day} ")
        opened = walk.open("/crawls")
        first = opened.locator('time[datetime^="2026-05-04T08:00"]').first
        assert first.inner_text() == "4 May 2026, 04:00 GMT-4"
        assert first.get_attribute("title").startswith("2026-05-04T08:00")
        opened = walk.open(pages["listing"][0])
        for text in opened.locator("time[data-local=clock]").all_text_contents():
            assert re.fullmatch(r"\d\d:\d\d GMT-[45]", text), text
        for name, selector in (("compare", "option"), ("snapshot", "title")):
            opened = walk.open(pages[name][0])
            for text in opened.locator(f"{selector}[data-times]").all_text_contents():
                assert re.search(r", \d\d:\d\d GMT-[45]", text), (name, text)
                assert " UTC" not in text, (name, text)
        assert walk.faults == []


def test_printed_pages(chromium: Any, demo: Demo, pages: dict[str, tuple[str, int]]) -> None:
    """In print an article has neither menu nor search field, and black text, in dark mode too."""
    with Walk(chromium, demo.base, "desk", "dark") as walk:
        opened = walk.open(pages["edited"][0])
        opened.emulate_media(media="print", color_scheme="dark")
        for gone in (".menu", ".quick", ".footer"):
            assert not opened.locator(gone).is_visible(), gone
        assert opened.locator(".prose p").first.evaluate("e => getComputedStyle(e).color") == "rgb(0, 0, 0)"
        assert opened.locator("html").evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(255, 255, 255)"
        for name, form in (("search", ".ask"), ("compare", ".cmp-choose"), ("listing", ".lst-form")):
            opened = walk.open(pages[name][0])
            opened.emulate_media(media="print", color_scheme="dark")
            assert not opened.locator(form).first.is_visible(), name
            for marked in opened.locator("main mark, main ins, main del").all():
                assert marked.evaluate("e => getComputedStyle(e).color") == "rgb(0, 0, 0)", name
        assert walk.faults == []


def test_other_writing_directions(chromium: Any, demo: Demo, pages: dict[str, tuple[str, int]]) -> None:
    """Arabic is right to left; Chinese has its own line height; both have a lang attribute."""
    with Walk(chromium, demo.base, "phone", "light") as walk:
        opened = walk.open(pages["Arabic"][0])
        text = opened.locator(".prose p").first
        assert text.evaluate("e => getComputedStyle(e).direction") == "rtl"
        assert text.evaluate("e => e.closest('[lang]').lang") == "ar"
        assert opened.locator("h1").evaluate("e => getComputedStyle(e).direction") == "rtl"
        opened = walk.open(pages["Chinese"][0])
        text = opened.locator(".prose p").first
        assert text.evaluate("e => e.closest('[lang]').lang") == "zh"
        height, size = text.evaluate(
            "e => [getComputedStyle(e).lineHeight, getComputedStyle(e).fontSize].map(parseFloat)"
        )
        assert height / size > 1.75
        assert walk.faults == []


MAX_PER_KIND = 40


def test_no_link_of_any_page_is_broken(demo: Demo) -> None:
    """Following links from the home page, every URL of the archive works, except pages that are not archived."""
    waiting, seen = ["/"], {"/"}
    broken: list[str] = []
    sorts: dict[str, int] = {}
    while waiting:
        path = waiting.pop()
        try:
            with urlopen(demo.base + path) as answer:
                body = answer.read()
                is_page = "html" in answer.headers["content-type"]
        except HTTPError as problem:
            problem.close()
            # Links of archived pages may lead to pages that are not archived, and replay answers with the archived
            # status: the change "gone" links to the capture of a 410.
            is_replayed = "memento-datetime" in problem.headers
            if not path.startswith("/web/") or not (is_replayed or problem.code == 404):
                broken.append(f"{path}: {problem}")
            continue
        if not is_page or path.startswith("/web/"):
            continue
        for link in html.document_fromstring(body).xpath("//a/@href"):
            target = urlsplit(urljoin(demo.base + path, link))
            further = target.path + (f"?{target.query}" if target.query else "")
            sort = target.path.split("/")[1] + Path(target.path).suffix
            if f"{target.scheme}://{target.netloc}" != demo.base or further in seen:
                continue
            seen.add(further)
            sorts[sort] = sorts.get(sort, 0) + 1
            if sorts[sort] <= MAX_PER_KIND:
                waiting.append(further)
    assert broken == []
    pages = {"article", "author", "calendar", "crawls", "listing", "record", "search", "section", "site", "tag", "web"}
    files = {"article.bib", "article.gz", "article.wacz", "search.atom.atom", "search.csv.csv", "search.jsonl.jsonl"}
    assert pages | files <= set(sorts)


def test_the_demo_ends_with_the_url(demo: Demo) -> None:
    """The output ends with the URL, and the home page describes the demo and where to begin."""
    assert demo.output.rstrip().endswith("http://127.0.0.1:8000/")
    assert "newsarchive serve --open" in demo.output.splitlines()[-2]
    with urlopen(demo.base + "/") as answer:
        first = html.document_fromstring(answer.read())
    about = first.xpath("//p[contains(@class, 'about-archive')]")[0]
    assert "simulated newspaper" in about.text_content()
    links = about.xpath("./a/@href")
    assert len(links) == 6
    with urlopen(demo.base + links[0]) as answer:
        assert "Changed without a notice" in answer.read().decode()


def test_the_readme_shows_what_the_demo_prints(demo: Demo) -> None:
    """Each command of its session is one of the demo, with this output."""
    printed = demo.output.replace(str(demo.folder), demo.folder.name)
    session = list(read_session(README))
    assert len(session) > 4
    for command, shown in session:
        # Numbers of articles depend on the order in which responses came.
        typed = re.sub(r"show\\ \d+", r"show \\d+", re.escape(command))
        assert re.search(rf"^\$ {typed}\n{build_pattern(shown)}", printed, re.MULTILINE), command


def test_empty_and_small_archives(
    chromium: Any, archive_of: Callable[..., Archive], at_address: Callable[[object], Any], tmp_path: Path
) -> None:
    """An empty archive has instructions; one with a single article shows it without empty columns."""
    Archive.init(tmp_path / "new").close()
    with (
        Archive.open(tmp_path / "new") as empty,
        at_address(create_app(empty)) as base,
        Walk(chromium, base, "phone", "dark") as walk,
    ):
        for path in ("/", "/search", "/sites", "/crawls", "/listing", "/exports", "/calendar"):
            opened = walk.open(path)
            walk.check_layout(opened, path)
            walk.faults += serious(opened, path)
        assert walk.faults == []
        assert "newsarchive add" in walk.open("/").locator("main").inner_text()
    text = "".join(f"<p>Sentence number {number} of a text that is long enough to be read.</p>" for number in range(20))
    page = f"<html lang=en><head><title>The only one</title></head><body><article><h1>The only one</h1>{text}</article>"
    one = archive_of({"url": "https://news.example/2026/03/01/the-only-one", "body": page.encode()})
    with at_address(create_app(one)) as base, Walk(chromium, base, "desk", "light") as walk:
        for path in ("/", "/search", "/sites", "/crawls", "/article/1", "/article/1/compare"):
            opened = walk.open(path)
            walk.check_layout(opened, path)
            walk.faults += serious(opened, path)
        assert walk.faults == []
        assert walk.open("/").locator("article.line").count() == 1


def test_long_words_do_not_overflow(
    chromium: Any, archive_of: Callable[..., Archive], at_address: Callable[[object], Any]
) -> None:
    """Section, headline, tag and URL without a break opportunity do not overflow the window."""
    word = "Donaudampfschifffahrt" * 8
    data = json.dumps(
        {
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            "headline": word,
            "datePublished": "2026-03-01T05:00:00Z",
            "articleSection": word,
            "keywords": [word],
        }
    )
    text = "".join(f"<p>Sentence number {number} of a text that is long enough to be read.</p>" for number in range(20))
    page = (
        f'<html lang="de"><head><title>{word}</title><script type="application/ld+json">{data}</script></head>'
        f"<body><article><h1>{word}</h1>{text}</article></body></html>"
    )
    others = [{"url": f"https://s{number}.example/2026/03/01/{word}", "body": page.encode()} for number in range(2)]
    page = page.replace(word, "Kurz")
    archive = archive_of(*others, {"url": "https://news.example/2026/03/01/kurz", "body": page.encode()})
    with at_address(create_app(archive)) as base:
        for size in SIZES:
            with Walk(chromium, base, size, "light") as walk:
                for path in ("/", "/search", "/sites", "/site/s0.example", "/article/1", f"/section/s0.example/{word}"):
                    walk.check_layout(walk.open(path), path)
                assert walk.faults == []


PICTURES = (
    ("home", "home", "desk", "light"),
    ("home-phone", "home", "phone", "dark"),
    ("search", "search", "desk", "light"),
    ("article", "pictured", "desk", "light"),
    ("article-phone", "Arabic", "phone", "light"),
    ("compare", "compare silent", "desk", "dark"),
    ("listing", "listing changes", "desk", "light"),
    ("snapshot", "snapshot", "desk", "light"),
    ("record", "record", "desk", "dark"),
    ("site", "site", "desk", "light"),
)
LARGEST = 200_000


@pytest.mark.skipif(SCREENSHOTS not in os.environ, reason="saves pictures only on request")
def test_pictures_of_the_main_pages(chromium: Any, demo: Demo, pages: dict[str, tuple[str, int]]) -> None:
    """Save the pictures of docs/browser.md."""
    folder = Path(os.environ[SCREENSHOTS])
    folder.mkdir(parents=True, exist_ok=True)
    for name, page, size, scheme in PICTURES:
        with Walk(chromium, demo.base, size, scheme, zone="UTC") as walk:
            opened = walk.open(pages[page][0])
            opened.wait_for_load_state("networkidle")  # pictures are loaded when they are seen
            # Playwright itself takes no WebP, which is a third of a PNG here.
            session = walk.context.new_cdp_session(opened)
            shot = session.send("Page.captureScreenshot", {"format": "webp", "quality": 82})
            picture = base64.b64decode(shot["data"])
            (folder / f"{name}.webp").write_bytes(picture)
            assert len(picture) < LARGEST, name


class Clicks:
    """A walk from the home page that counts links and buttons; what is typed and chosen in fields is no click.

    With `keys`, everything is reached by Tab, and links and buttons are followed by Enter.
    """

    def __init__(self, walk: Walk, *, keys: bool = False) -> None:
        self.page = walk.open("/")
        self.keys = keys
        self.count = 0

    def reach(self, what: Any) -> None:
        """Press Tab until an element has the focus."""
        for _ in range(MOST_TABS if self.keys else 0):
            if what.evaluate("e => e === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        assert not self.keys, f"Tab does not reach {what}"

    def press(self, what: Any) -> None:
        """Click an element, or reach it and press Enter."""
        self.count += 1
        self.reach(what)
        if self.keys:
            self.page.keyboard.press("Enter")
        else:
            what.click()

    def click(self, what: Any) -> None:
        """Follow what leads to another page."""
        with self.page.expect_navigation(wait_until="load"):
            self.press(what)

    def menu(self, name: str) -> None:
        """Follow an entry of the menu."""
        self.click(self.page.get_by_role("link", name=name, exact=True).first)

    def fill(self, what: Any, text: str) -> None:
        """Type into a field, or choose an option."""
        self.reach(what)
        if what.evaluate("e => e.tagName") == "SELECT":
            what.select_option(text)
        else:
            what.fill(text)

    def search(self, words: str) -> None:
        """Search for words in the field of every page."""
        self.fill(self.page.locator(".quick input"), words)
        self.click(self.page.locator(".quick button"))


MOST_TABS = 300


@dataclass(frozen=True)
class Asked:
    """Site, day and words of the questions."""

    site: str
    day: str
    """On which the site's front page was captured."""
    words: str


def find_articles_of_a_day(clicks: Clicks, asked: Asked) -> None:
    """Articles of a site on a day."""
    clicks.menu("Search")
    clicks.fill(clicks.page.locator("#since"), asked.day)
    clicks.fill(clicks.page.locator("#until"), asked.day)
    clicks.click(clicks.page.locator("form.ask button"))
    facet = clicks.page.locator("section[aria-labelledby=facet-site]").get_by_role("link", name=asked.site, exact=True)
    if facet.count():  # of a single site there is nothing to choose
        clicks.click(facet)
    assert clicks.page.locator("article.line").count() > 0
    assert {asked.site} == set(clicks.page.locator("article.line a[href^='/site/']").all_text_contents())


def find_silent_changes(clicks: Clicks, asked: Asked) -> None:
    """Find what a site changed since a day without a notice."""
    clicks.menu("Changes")
    clicks.fill(clicks.page.locator("[name=site]"), asked.site)
    clicks.fill(clicks.page.locator("[name=notice]"), "silent")
    clicks.fill(clicks.page.locator("[name=since]"), asked.day)
    clicks.click(clicks.page.get_by_role("button", name="Show"))
    assert "notice=silent" in clicks.page.url
    assert clicks.page.get_by_text(re.compile(r"^(\d[\d,]* changes?|No change matches these filters)")).count() == 1


def find_front_page_at_a_time(clicks: Clicks, asked: Asked) -> None:
    """A site's front page on a day at nine, how long each headline stood there, and what left it within the hour."""
    clicks.menu("Front pages")
    pages = clicks.page.locator("#lst-url option")
    front = next(each for each in pages.all() if each.inner_text().startswith(f"{asked.site}:"))
    clicks.fill(clicks.page.locator("#lst-url"), front.get_attribute("value"))
    clicks.fill(clicks.page.locator("#lst-at"), f"{asked.day}T09:00")
    clicks.click(clicks.page.get_by_role("button", name="Show"))
    assert clicks.page.locator(".lst-when time").get_attribute("datetime") < f"{asked.day}T09:01"
    assert clicks.page.locator(".lst-duration").count() > 0
    clicks.click(clicks.page.get_by_role("link", name="Changes within the hour"))
    left, unknown = clicks.page.locator(".lst-left"), clicks.page.get_by_text("no other capture up to that time")
    assert left.count() > 0 or unknown.count() == 1


def find_copies(clicks: Clicks, asked: Asked) -> None:
    """Find who else ran a story: from an article its copies, from a search the number of papers."""
    clicks.search(asked.words)
    copies = clicks.page.locator("details.copies summary")
    if copies.count():
        clicks.press(copies.first)
        assert clicks.page.locator("details.copies[open] a").count() > 0
    else:
        clicks.click(clicks.page.locator("article.line h3 a").first)
        assert clicks.page.locator("#same, #alike, article.story").count() > 0


def find_bibliography(clicks: Clicks, asked: Asked) -> None:
    """All by an author, as a bibliography."""
    clicks.search(asked.words)
    clicks.click(clicks.page.locator("section[aria-labelledby=facet-author] a").first)
    with clicks.page.expect_download() as file:
        clicks.press(clicks.page.get_by_role("link", name="Bibliography as RIS"))
    assert Path(file.value.path()).read_bytes().count(b"TY  - NEWS") > 0


def set_an_alert(clicks: Clicks, asked: Asked) -> None:
    """Make an alert for a subject."""
    clicks.search(asked.words)
    clicks.click(clicks.page.get_by_role("link", name="Alert me").first)
    assert asked.words in clicks.page.locator("main").inner_text()


def draw_a_trend(clicks: Clicks, asked: Asked) -> None:
    """Chart something in up to three papers."""
    clicks.menu("Trends")
    clicks.fill(clicks.page.locator("main [name=q]").first, asked.words)
    clicks.press(clicks.page.locator("details.ask-sites summary"))
    boxes = clicks.page.locator("main [name=site]").all()[:3]
    for box in boxes:
        clicks.reach(box)
        box.press("Space")
    clicks.click(clicks.page.get_by_role("button", name="Draw"))
    assert clicks.page.locator("main svg polyline, main svg path, main svg circle").count() > 0
    assert clicks.page.locator("table.data thead .number").count() == len(boxes)


QUESTIONS = (find_articles_of_a_day, find_silent_changes, find_front_page_at_a_time, find_copies, find_bibliography,
             set_an_alert, draw_a_trend)  # fmt: skip


def walk_questions(walk: Walk, asked: Asked, *, keys: bool = False) -> dict[str, int]:
    """Return the number of clicks that each question needs."""
    counts = {}
    for question in QUESTIONS:
        clicks = Clicks(walk, keys=keys)
        question(clicks, asked)
        counts[question.__name__] = clicks.count
        if walk.scripts and not keys:  # by keys they are the same pages
            walk.faults += serious(clicks.page, question.__name__)
    return counts


@pytest.mark.parametrize(
    ("size", "scheme", "scripts", "keys"),
    [("phone", "dark", True, False), ("desk", "light", False, True), ("desk", "dark", True, True)],
)
def test_each_question_takes_three_clicks(
    chromium: Any, demo: Demo, *, size: str, scheme: str, scripts: bool, keys: bool
) -> None:
    """From the home page, with scripts or without, or by keyboard; the pages at the end have no serious axe fault."""
    with Walk(chromium, demo.base, size, scheme, scripts=scripts) as walk:
        counts = walk_questions(walk, Asked("lantern", "2026-05-04", "harbour"), keys=keys)
        assert max(counts.values()) <= 3, counts
        assert walk.faults == []


ARTICLES = "NEWSARCHIVE_WALK_ARTICLES"
"""Environment variable with the number of articles of the archive of several papers."""


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Asked]]:
    """Serve an archive of twenty papers, some with the same stories, and say what to ask it."""
    folder = tmp_path_factory.mktemp("papers") / "papers"
    made = [sys.executable, "-m", "benchmarks.generate", str(folder), "--articles", os.environ.get(ARTICLES, "1000")]
    subprocess.run(made, cwd=Path(__file__).parents[2], timeout=1800, check=True)
    indexed = [sys.executable, "-m", "newsarchive", "search", "anything", "--archive", str(folder)]
    subprocess.run(indexed, capture_output=True, timeout=1800, check=False)
    with Archive.open(folder) as archive:
        site = archive.config.sites[0].name
        # Front pages were captured later, too.
        earlier = archive.index.ask(list_articles, Filters(site=site), limit=30)[-1]
        assert earlier.published
    with connect(load_config(folder).index) as connection:
        words = sample(connection, random.Random(1), 60).everywhere[0]
    with serve_folder(folder) as base:
        yield base, Asked(site, earlier.published.day.isoformat(), words)


@pytest.mark.parametrize(("scripts", "keys"), [(True, False), (False, True)])
def test_each_question_takes_three_clicks_in_many_papers(
    chromium: Any, papers: tuple[str, Asked], *, scripts: bool, keys: bool
) -> None:
    """The same in an archive of many papers and of years, where lists and menus are long."""
    base, asked = papers
    with Walk(chromium, base, "desk", "light", scripts=scripts) as walk:
        counts = walk_questions(walk, asked, keys=keys)
        assert max(counts.values()) <= 3, counts
        assert walk.faults == []
