"""Sessions in the docs: the `console` blocks of a page, with what a command prints below it, and its `sh` blocks.

"..." stands for any words of a line, and for any lines where it stands alone.
"""

import re
from collections.abc import Iterator
from pathlib import Path


def read_blocks(page: Path, wanted: str = "") -> list[tuple[str, str]]:
    """Return language and text of the fenced blocks of a page; with `wanted`, only those of that language."""
    found = re.findall(r"^( *)```([^\n`]*)\n(.*?)^ *```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    blocks = [
        (language.strip(), re.sub(f"^{indent}", "", text, flags=re.MULTILINE)) for indent, language, text in found
    ]
    return [(language, text) for language, text in blocks if wanted in ("", language)]


def read_session(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the commands of a page, and the lines that it shows below each."""
    for block in re.findall(r"```console\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *shown = part.rstrip("\n").split("\n")
            yield command, shown


def build_pattern(shown: list[str]) -> str:
    """Return a regular expression for the output that a page shows."""
    lines = (
        r"(?:.*\n)*?" if line == "..." else re.escape(line).replace(re.escape("..."), ".*") + r"\n" for line in shown
    )
    return "".join(lines)


def read_shell_lines(page: Path) -> list[str]:
    """Return the lines of the `sh` blocks of a page, those that a backslash or a pipe continues in one."""
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    lines = re.sub(r"\\\n|(?<=\|)\n", " ", "".join(blocks)).splitlines()
    return [line.strip() for line in lines if line.strip()]
