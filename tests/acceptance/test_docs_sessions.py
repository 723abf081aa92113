"""The sessions in the docs run as they stand: each `console` block, in order, against a newsroom on loopback.

What a block shows below a command is compared with what the command prints.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs_sessions import build_pattern, read_session
from tests.newsroom import Newsroom, serve

pytestmark = pytest.mark.slow

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [path for path in sorted(DOCS.rglob("*.md")) if "```console\n" in path.read_text("utf-8")]
SCRIPT = os.environ.get("NEWSARCHIVE_COMMAND", str(Path(sys.executable).with_name("newsarchive")))
SERVERS = ("newsarchive serve",)
"""Commands that run until they are stopped."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of_a_page_run(page: Path, tmp_path: Path) -> None:
    """Each ends with success, and prints what the page shows."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NEWSARCHIVE_")}
    environment["PATH"] = os.pathsep.join((str(Path(SCRIPT).parent), environment["PATH"]))
    folder = tmp_path
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
