"""The sessions in the docs run as they stand: the `console` and `sh` blocks of a page, in order, against a newsroom.

What a `console` block shows below a command is compared with what the command prints.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.docs_sessions import build_pattern, read_blocks, read_session, read_shell_lines
from tests.newsroom import Newsroom, NewsroomServer, serve

pytestmark = pytest.mark.slow

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [path for path in sorted(DOCS.rglob("*.md")) if "```console\n" in path.read_text("utf-8")]
SHELL_PAGES = [path for path in sorted([*DOCS.rglob("*.md"), DOCS.parent / "README.md"]) if read_shell_lines(path)]
SCRIPT = os.environ.get("NEWSARCHIVE_COMMAND", str(Path(sys.executable).with_name("newsarchive")))
SERVERS = ("newsarchive serve",)
"""Commands that run until they are stopped."""
NOT_RUN = {
    "make ": "runs these tests",
    "pip": "installs what is tested here",
    "newsarchive demo": "is the first line of tests/acceptance/test_browser_walk.py, too",
    "newsarchive serve": "runs until it is stopped: test_serve_command",
    "newsarchive worker": "needs a database: tests/acceptance/cluster",
    "newsarchive replay": "installs from a registry: test_serve_replay",
    "newsarchive alerts": "sends mail: tests/integration/alerts",
    "createdb": "needs a database: test_cli_migrate",
    "newsarchive migrate-index": "needs a database: test_cli_migrate",
    "rsync": "needs another machine",
    "mv warc/NAME": "has a placeholder: tests/integration/laws/test_damaged_file.py",
    "cp -p /backup": "has a placeholder: tests/integration/laws/test_damaged_file.py",
    "newsarchive bucket": "needs a bucket: tests/acceptance/test_cli_bounds.py",
    "newsarchive verify --head": "has a placeholder: tests/integration/laws/test_proof.py",
    "openssl": "has placeholders: tests/integration/operations/test_rfc3161.py",
    "python -m tests.quality.ablation": "needs annotated pages: tests/quality/test_ablation.py",
    "dask": "needs a cluster: tests/integration/batch",
    "newsarchive rebuild --dask": "needs a cluster: tests/integration/batch",
    "mkdir morgue && sudo": "needs a container engine: test_container",
    "podman": "needs a container engine: test_container",
    "tail -c": "has placeholders: tests/integration/warc reads records at their offsets",
    "curl": "asks a server: test_serve_command",
}
"""Beginnings of lines that are parsed only (tests/unit/house/test_docs.py), and why."""
REPLACED = {
    "https://courier.example/ --template": "{front} --template",
    "https://courier.example/news/2026/05/bridge": "{story}",
    "https://lantern.example/news/bridge": "{story}",
    "https://news.example/story": "{story}",
    "https://lantern.example/": "{front}",
    "https://news.example/": "{front} --name lantern --delay 0s",
    "--site news": "--site lantern",
    " && uvx datasette articles.sqlite": "",
    "reextract courier": "reextract lantern",
    "newsarchive crawl courier": "newsarchive crawl lantern",
    "python -c": "{python} -c",
    "proof ARTICLE": "proof {story}",
    "*.warc.gz": "warc/*.warc.gz",
}


@pytest.fixture(scope="module")
def newsroom() -> Iterator[NewsroomServer]:
    with serve(Newsroom(articles=60)) as server:
        yield server


def build_environment() -> dict[str, str]:
    """Return that of a user who has installed newsarchive."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NEWSARCHIVE_")}
    return environment | {"PATH": os.pathsep.join((str(Path(SCRIPT).parent), environment["PATH"]))}


@pytest.fixture(scope="module")
def archive(newsroom: NewsroomServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of the newsroom, in a Scrapy project; tests copy it."""
    folder = tmp_path_factory.mktemp("docs") / "morgue"
    (folder.parent / "scrapy.cfg").write_text("[settings]\ndefault = project\n")
    (folder.parent / "project.py").write_text('SPIDER_MODULES = ["spiders"]\n')
    for words in (
        ("init", folder, "--contact", "tests@localhost"),
        ("add", newsroom.url, "--name", "lantern", "--delay", "0s", "--archive", folder),
        ("crawl", "--archive", folder),
        ("export", "-o", folder.parent / "articles.jsonl", "--archive", folder),
    ):
        subprocess.run([SCRIPT, *words], env=build_environment(), check=True, cwd="/")
    return folder


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of_a_page_run(page: Path, tmp_path: Path) -> None:
    """Each ends with success, and prints what the page shows."""
    environment, folder = build_environment(), tmp_path
    with serve(Newsroom(articles=60)) as server:
        for command, shown in read_session(page):
            words = command.replace("https://news.example/", server.url)
            if words.startswith("newsarchive add"):
                words += " --delay 0s"
            if words.startswith(SERVERS):
                continue  # test_serve_command starts it
            script = f"set -e; {words}; pwd > {tmp_path / 'where'}"
            done = subprocess.run(
                ["/bin/bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
            folder = Path((tmp_path / "where").read_text().strip())
            if shown:
                assert re.fullmatch(build_pattern(shown), done.stdout + done.stderr), f"{command}\n{done.stdout}"


@pytest.mark.parametrize("page", SHELL_PAGES, ids=lambda page: page.stem)
def test_the_shell_blocks_of_a_page_run(page: Path, newsroom: NewsroomServer, archive: Path, tmp_path: Path) -> None:
    """Each line that a test can run ends with success, in the folder of an archive."""
    project = shutil.copytree(archive.parent, tmp_path / "project")
    story = json.loads((project / "articles.jsonl").read_text().splitlines()[0])["url"]
    with urlopen(story) as response:
        (project / "morgue" / "page.html").write_bytes(response.read())
    folder = project if page.stem in {"README", "spiders"} else project / "morgue"
    if page.stem == "README":
        shutil.rmtree(project / "morgue")
    words = {"front": newsroom.url, "story": story, "python": str(Path(SCRIPT).with_name("python"))}
    for line in read_shell_lines(page):
        if line.startswith(tuple(NOT_RUN)):
            continue
        script = line
        for old, new in REPLACED.items():
            script = script.replace(old, new.format(**words))
        done = subprocess.run(
            ["/bin/bash", "-c", f"set -e; {script}\npwd > {tmp_path / 'where'}"], cwd=folder, env=build_environment(),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
        folder = Path((tmp_path / "where").read_text().strip())


def test_no_reason_is_left_over() -> None:
    """Each beginning of lines that are not run is that of a line in the docs."""
    lines = [line for page in SHELL_PAGES for line in read_shell_lines(page)]
    assert [begin for begin in NOT_RUN if not any(line.startswith(begin) for line in lines)] == []


class CourierHandler(BaseHTTPRequestHandler):
    """The API of the Courier, for which the docs have a spider."""

    def do_GET(self) -> None:
        """Answer with the list of articles, or one of them."""
        number = self.path.removeprefix("/api/articles/")
        story: dict[str, Any] = {"title": f"Story {number} of the Courier", "link": f"/news/{number}"}
        story |= {"text": f"The harbour master told story {number}.\n\nTwice.", "date": "2026-05-04T08:00:00Z"}
        found = {"articles": [{"id": 1}, {"id": 2}]} if self.path == "/api/latest" else story
        body = json.dumps(found).encode()
        self.send_response(404 if self.path == "/robots.txt" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


@pytest.fixture
def courier() -> Iterator[str]:
    """URL of the Courier."""
    with ThreadingHTTPServer(("127.0.0.1", 0), CourierHandler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def run(*words: object, at: Path) -> str:
    """Run a program of the environment, which succeeds, and return what it prints."""
    program, *rest = map(str, words)
    path = str(Path(SCRIPT).with_name(program))
    done = subprocess.run([path, *rest], env=build_environment(), cwd=at, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_spider_of_the_docs_crawls(courier: str, tmp_path: Path) -> None:
    """With the first block as spiders/courier.py, `crawl` has its articles."""
    (_, source), _ = read_blocks(DOCS / "spiders.md", "python")
    run("newsarchive", "init", "morgue", at=tmp_path)
    run("newsarchive", "new-spider", "courier", courier, "--archive", "morgue", at=tmp_path)
    (tmp_path / "morgue" / "spiders" / "courier.py").write_text(source)
    assert ", 2 new article versions" in run("newsarchive", "crawl", "--archive", "morgue", at=tmp_path)
    assert "Story 2 of the Courier" in run("newsarchive", "show", f"{courier}news/2", at=tmp_path / "morgue")


def test_the_add_on_of_the_docs_records(courier: str, tmp_path: Path) -> None:
    """With the second block in the settings of a new project, its spiders are recorded, and the file can be read."""
    _, (_, setting) = read_blocks(DOCS / "spiders.md", "python")
    run("scrapy", "startproject", "paper", at=tmp_path)
    project = tmp_path / "paper"
    with (project / "paper" / "settings.py").open("a") as file:
        file.write(f"{setting}DOWNLOAD_DELAY = 0\n")
    source = (
        f'import scrapy\n\n\nclass Latest(scrapy.Spider):\n    name, start_urls = "latest", ["{courier}api/latest"]\n'
    )
    (project / "paper" / "spiders" / "latest.py").write_text(
        f"{source}\n    def parse(self, response):\n        pass\n"
    )
    assert "'newsarchive/records': 2," in run("scrapy", "crawl", "latest", at=project)
    run("newsarchive", "init", "morgue", at=project)
    (warc,) = (project / "warc").glob("*.warc.gz")
    assert "2 captures" in run("newsarchive", "import", warc, "--archive", "morgue", at=project)


class LocalSpark:
    """Spark, as far as the docs use it, in this process."""

    def __init__(self, rows: Iterable[Any] = ()) -> None:
        self.rows = list(rows)
        self.sparkContext = self

    def parallelize(self, rows: list[str], numSlices: int) -> "LocalSpark":  # noqa: N803 - Spark's own name
        """Distribute rows, one in each partition."""
        assert len(rows) == numSlices
        return LocalSpark(rows)

    def mapPartitions(self, function: Callable[[Iterator[Any]], Iterable[Any]]) -> "LocalSpark":  # noqa: N802
        """Pass each partition to the function."""
        return LocalSpark(found for row in self.rows for found in function(iter([row])))

    def toDF(self, columns: list[str]) -> "LocalSpark":  # noqa: N802 - Spark's own name
        """Name the columns."""
        assert {len(row) for row in self.rows} == {len(columns)}
        return self


def test_the_scripts_for_batch_processing_run(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The first reads a file, the second all of them; both give each capture of an article with its headline."""
    (_, script), (_, with_spark) = read_blocks(DOCS / "batch.md", "python")
    warcs = sorted((archive / "warc").glob("*.warc.gz"))
    (tmp_path / "crawl-00001.warc.gz").symlink_to(warcs[0])
    monkeypatch.chdir(tmp_path)
    exec(script, {})
    assert len(capfd.readouterr().out.splitlines()) > 10
    known: dict[str, Any] = {"spark": LocalSpark(), "list_of_paths": [str(path) for path in warcs]}
    exec(with_spark, known)
    assert len(known["frame"].rows) > 10
