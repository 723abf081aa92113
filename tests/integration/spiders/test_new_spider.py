"""`newsarchive new-spider`: a spider with a test over a saved page, for each template."""

import subprocess
import sys
from pathlib import Path

import pytest

from newsarchive.cli.sites import TEMPLATES
from newsarchive.config.toml_file import create_config_file, load_config
from newsarchive.crawl.site_spider import load_spider
from tests.in_process import run_in_process

NAMES = sorted(each.name for each in TEMPLATES.iterdir())


def test_every_template_is_documented() -> None:
    """The help names them all."""
    assert NAMES == ["api", "archive", "login", "plain", "scroll", "sitemap"]


@pytest.mark.parametrize("template", NAMES)
def test_what_is_written_loads_and_its_test_passes(tmp_path: Path, template: str) -> None:
    """In an empty archive; the site is in newsarchive.toml."""
    folder = tmp_path / "archive"
    create_config_file(folder)
    url = "https://www.courier.example/"
    done = run_in_process("new-spider", "the_courier", url, "--template", template, "--archive", folder)
    assert done.returncode == 0, done.stderr
    (site,) = load_config(folder).sites
    assert (site.name, site.url, site.spider) == ("the_courier", url, "the_courier")
    spider = load_spider(folder, site)
    assert (type(spider).__name__, spider.site_url) == ("TheCourier", url)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        "/dev/null",
        str(folder / "spiders"),
    ]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "1 passed" in ran.stdout
    for file in folder.glob("spiders/*.py"):
        formatted = subprocess.run(
            [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "E,F,UP", "--line-length", "120", file],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert formatted.returncode == 0, formatted.stdout


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A spider of that name stays; so does a site of the host, which is told what to write."""
    create_config_file(tmp_path)
    url = "https://courier.example/"
    assert run_in_process("new-spider", "courier", url, "--archive", tmp_path).returncode == 0
    (tmp_path / "spiders" / "courier.py").write_text("mine")
    for words in (("courier", url), ("other", url, "--template", "nosuch"), ("../other", url)):
        done = run_in_process("new-spider", *words, "--archive", tmp_path)
        assert (done.returncode, "nothing was changed" in done.stderr) == (2, True), words
    assert (tmp_path / "spiders" / "courier.py").read_text() == "mine"
    done = run_in_process("new-spider", "second", url, "--archive", tmp_path)
    assert 'write spider = "second" into the [[site]] courier' in done.stdout
