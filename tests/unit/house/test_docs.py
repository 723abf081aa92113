"""The generated pages of docs/ are up to date."""

import importlib.util
import json
import re
import shlex
import shutil
import sqlite3
import subprocess
import textwrap
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from newsarchive.cli import app
from newsarchive.config.schema import ServeConfig
from newsarchive.config.toml_file import parse_config
from newsarchive.operations import cron
from newsarchive.replay.process import format_config
from newsarchive.web.api.schemas import PlacementSpan
from storage.index import Index
from storage.model import Article
from tests.docs_sessions import read_blocks, read_shell_lines
from tests.newsroom import create_certificate

yaml: Any = pytest.importorskip("yaml")

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
spec = importlib.util.spec_from_file_location("docs_make", DOCS / "make.py")
assert spec is not None
assert spec.loader is not None
make = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make)


@pytest.mark.parametrize("name", sorted(make.PAGES))
def test_a_page_is_up_to_date(name: str) -> None:
    """A change of a setting, a command, an error or a table requires `make docs`."""
    assert (DOCS / name).read_text("utf-8") == make.PAGES[name]()


PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_and_commands_of_a_page_exist(page: Path) -> None:
    """Relative links lead to files, and commands exist."""
    text = page.read_text("utf-8")
    for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", text):
        assert (page.parent / target).exists(), target
    known = {entry.name for entry in app.COMMANDS}
    for code in re.findall(r"```.*?```|`[^`]+`", text, re.DOTALL):
        for command in re.findall(r"(?:^|`|\$ |&& |  )newsarchive ([a-z]+(?:-[a-z]+)*)\b", code, re.MULTILINE):
            assert command in known, command


SHELL_LINES = [line for page in PAGES for line in read_shell_lines(page)]


@pytest.mark.parametrize("line", sorted(set(SHELL_LINES)))
def test_the_commands_in_shell_blocks_parse(line: str) -> None:
    """Their options and arguments exist, also of those that tests cannot run: servers, installers, other hosts."""
    parse_commands(line)


def parse_commands(line: str) -> int:
    """Parse each command of newsarchive in a line of the shell, and return their number; an error if one is wrong."""
    parsed = 0
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, ";"]:
        if set(word) & set(lexer.punctuation_chars):
            while words and "=" in words[0]:  # variables of the environment
                words.pop(0)
            if words[:1] == ["newsarchive"]:
                app.load_command(words[1]).make_context(words[1], words[2:])
                parsed += 1
            words = []
        else:
            words.append(word)
    return parsed


CHECKED = {
    "console": "run, and what is shown compared: tests/acceptance/test_docs_sessions.py",
    "sh": "run or parsed: tests/acceptance/test_docs_sessions.py, and below",
    "python": "run: PYTHON",
    "toml": "settings: below",
    "cron": "five fields, and a command that parses: below",
    "json": "an answer of the API: tests/integration/web/test_placements.py, with the keys of the block below",
    "yaml": "the settings of pywb that the program writes: below",
    "nginx": "by nginx where it is installed, else by its words: below",
    "mermaid": "the foreign keys of an index: below",
    "sql": "examples/placements.sql: tests/integration/laws/test_placements_elsewhere.py",
    "text": "drawings, and lines that a program prints; nobody types them",
}
"""Checks of blocks, by language. A new language needs an entry, which says what makes such a block right."""
PYTHON = {
    "batch.md": "tests/acceptance/test_docs_sessions.py",
    "proof.md": "tests/integration/laws/test_proof.py",
    "python.md": "tests/acceptance/test_library.py",
    "research-data.md": "tests/acceptance/test_library.py",
    "spiders.md": "tests/acceptance/test_docs_sessions.py",
}
"""Tests that run the blocks of Python of a page."""
NGINX_FOLDERS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
"""Temporary folders of a build of nginx, which need not exist where only its program is."""
DIRECTIVES = set(
    "server listen server_name ssl_certificate ssl_certificate_key merge_slashes location proxy_pass proxy_set_header "
    "proxy_read_timeout upstream hash".split()
)
"""Directives that nginx 1.22 knows (nginx.org/en/docs/dirindex.html), as far as the docs use them."""


def blocks_of(language: str) -> list[tuple[Path, str]]:
    return [(page, text) for page in PAGES for _, text in read_blocks(page, language)]


def test_each_block_has_a_language_and_is_checked() -> None:
    """A block of an unknown language, an indented one and one without a language need a decision."""
    unknown = [(page.name, kind) for page in PAGES for kind, _ in read_blocks(page) if kind not in CHECKED]
    assert unknown == []
    assert sorted(CHECKED) == sorted({kind for page in PAGES for kind, _ in read_blocks(page)})
    assert {page.name for page, _ in blocks_of("python")} == set(PYTHON)
    for page in PAGES:
        rest = re.sub(r"^ *```.*?^ *```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
        assert "```" not in rest, page
        lists = re.sub(r"^(?:\d+\.|-) .*\n(?:(?: {2,}.*)?\n)*", "", rest, flags=re.MULTILINE)
        assert not re.search(r"^ {4}\S", lists, re.MULTILINE), page  # an indented block says no language


def test_the_lines_for_cron_are_lines_for_cron() -> None:
    """Each has five fields and a command that parses; that of the crawl is what `schedule --cron` prints."""
    lines = [line for _, text in blocks_of("cron") for line in text.splitlines()]
    for line in lines:
        *fields, command = line.split(None, 5)
        assert all(re.fullmatch(r"(\*|\d+)(/\d+)?", each) for each in fields), line
        assert parse_commands(command.replace("/srv/venv/bin/", "")) == 1, line
    job = cron.ScheduledCrawl(command=Path("/srv/venv/bin/newsarchive"), archive=Path("/srv/morgue"))
    assert cron.crontab(job).splitlines()[-1] in lines


def test_the_answer_of_the_api_has_the_fields_of_the_api() -> None:
    """And their types, as the schema of the API has them."""
    ((page, text),) = blocks_of("json")
    assert page.name == "apis.md"
    (shown,) = json.loads(text)["placements"]
    found = PlacementSpan.model_validate(shown)
    assert list(shown) == list(PlacementSpan.model_fields)
    assert found.minutes == (found.last - found.first).total_seconds() / 60


def test_the_settings_of_pywb_are_those_that_the_program_writes() -> None:
    """Of a pywb of one's own: the same index, but for the archive's folder and credentials."""
    ((_, text),) = blocks_of("yaml")
    shown = yaml.safe_load(text)["collections"]["news"]
    written = json.loads(format_config("http://127.0.0.1:8000", Path("/morgue/warc")))["collections"]
    (own,) = written.values()
    assert shown["index_group"] == own["index_group"]
    assert shown["archive_paths"] == own["archive_paths"][-1]
    assert shown["timeout"] == own["timeout"]


def test_the_settings_of_nginx_are_settings_of_nginx(tmp_path: Path) -> None:
    """Its own check, where nginx is installed; elsewhere, blocks that close, and directives that exist."""
    text = "\n".join(block for _, block in blocks_of("nginx"))
    assert f"proxy_pass http://{ServeConfig().host}:{ServeConfig().port};" in text
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    assert {line.split()[0] for line in lines if line and line != "}"} <= DIRECTIVES
    assert all(line[-1] in ";{}" for line in lines if line)
    assert text.count("{") == text.count("}")
    if nginx := shutil.which("nginx"):
        certificate = create_certificate(tmp_path)
        files = {"pem": certificate.certificate_file, "key": certificate.key_file}
        text = re.sub(r"/etc/ssl/\S+\.(pem|key)", lambda found: str(files[found[1]]), text)
        file = tmp_path / "nginx.conf"
        own = "".join(f"{name}_temp_path {tmp_path}/{name}; " for name in NGINX_FOLDERS)
        text = f"pid {tmp_path}/pid; events {{}} http {{ access_log off; {own}{text} }}"
        file.write_text(text.replace("443", "8443"))
        done = subprocess.run([nginx, "-t", "-p", tmp_path, "-c", file], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_the_diagram_has_the_foreign_keys_of_an_index(tmp_path: Path) -> None:
    """Each line is one, and none is left out."""
    ((_, text),) = blocks_of("mermaid")
    first, *lines = text.splitlines()
    assert first == "erDiagram"
    drawn = {re.fullmatch(r" {4}(\w+) \|\|--o[{|] (\w+) : (\w+)", line).groups() for line in lines}  # type: ignore[union-attr]
    Index.open(f"sqlite:///{tmp_path}/index.sqlite3").close()
    with closing(sqlite3.connect(tmp_path / "index.sqlite3")) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        keys = {
            (row[2], table, row[3])
            for table in tables
            for row in connection.execute(f"PRAGMA foreign_key_list({table})")
        }
    assert drawn == keys


def test_the_page_on_python_names_all_attributes_of_an_article() -> None:
    """Each in the first column of the table, and no other."""
    section = (ROOT / "docs" / "python.md").read_text("utf-8").partition("The attributes of an `Article` are:")[2]
    first = [line.split(" | ")[0] for line in section.partition("\n\nAn `ArchivedArticle`")[0].splitlines()[3:]]
    named = {name for cell in first for name in re.findall(r"`(\w+)`", cell)}
    assert named == {each.name for each in fields(Article)} | {"body"}


def test_the_query_of_a_page_is_the_one_of_the_examples() -> None:
    """Which other tests run on SQLite and PostgreSQL."""
    assert [text for _, text in blocks_of("sql")] == [(ROOT / "examples" / "placements.sql").read_text("utf-8")]


SETTINGS = [
    pytest.param(textwrap.dedent(block), id=f"{page.stem}-{number}")
    for page in PAGES
    for number, block in enumerate(
        re.findall(r"^ *```toml\n(.*?)^ *```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    )
]


@pytest.mark.parametrize("block", SETTINGS)
def test_the_settings_in_a_page_are_settings(block: str) -> None:
    """Each block is a newsarchive.toml, once a site that it abridges has its URL."""
    text = '[[site]]\nname = "news"\n' + block if block.startswith("[[site.") else block
    text = re.sub(r'(\[\[site\]\]\nname = "(\w+)"\n)(?!url)', r'\1url = "https://\2.example/"\n', text)
    assert parse_config(text, Path("/morgue")).folder == Path("/morgue")
