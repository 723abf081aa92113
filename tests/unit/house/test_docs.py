"""The generated pages of docs/ are up to date."""

import importlib.util
import re
import shlex
import textwrap
from pathlib import Path

import pytest

from newsarchive.cli import app
from newsarchive.config.toml_file import parse_config
from tests.docs_sessions import read_shell_lines

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


@pytest.mark.parametrize("page", sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")]), ids=lambda path: path.name)
def test_links_and_commands_of_a_page_exist(page: Path) -> None:
    """Relative links lead to files, and commands exist."""
    text = page.read_text("utf-8")
    for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", text):
        assert (page.parent / target).exists(), target
    known = {entry.name for entry in app.COMMANDS}
    for code in re.findall(r"```.*?```|`[^`]+`", text, re.DOTALL):
        for command in re.findall(r"(?:^|`|\$ |&& |  )newsarchive ([a-z]+(?:-[a-z]+)*)\b", code, re.MULTILINE):
            assert command in known, command


SHELL_LINES = [line for page in [*DOCS.rglob("*.md"), *ROOT.glob("*.md")] for line in read_shell_lines(page)]


@pytest.mark.parametrize("line", sorted(set(SHELL_LINES)))
def test_the_commands_in_shell_blocks_parse(line: str) -> None:
    """Their options and arguments exist, also of those that tests cannot run: servers, installers, other hosts."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, ";"]:
        if set(word) & set(lexer.punctuation_chars):
            while words and "=" in words[0]:  # variables of the environment
                words.pop(0)
            if words[:1] == ["newsarchive"]:
                app.load_command(words[1]).make_context(words[1], words[2:])
            words = []
        else:
            words.append(word)


SETTINGS = [
    pytest.param(textwrap.dedent(block), id=f"{page.stem}-{number}")
    for page in sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
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
