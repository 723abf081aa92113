"""The sessions in the docs run as they stand: the `console` and `sh` blocks of a page, in order, against a newsroom.

What a `console` block shows below a command is compared with what the command prints.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.docs_sessions import build_pattern, read_session, read_shell_lines
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
    "newsarchive serve": "runs until it is stopped: test_serve_command",
    "newsarchive worker": "needs a database: tests/acceptance/cluster",
    "newsarchive replay": "installs from a registry: test_serve_replay",
    "newsarchive alerts": "sends mail: tests/integration/alerts",
    "createdb": "needs a database: test_cli_migrate",
    "newsarchive migrate-index": "needs a database: test_cli_migrate",
    "rsync": "needs another machine",
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
    folder = project if page.stem in {"README", "spiders", "browser"} else project / "morgue"
    if page.stem in {"README", "browser"}:
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
