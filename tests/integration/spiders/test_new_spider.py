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


@pytest.mark.slow
def test_what_is_written_loads_and_its_tests_pass(tmp_path: Path) -> None:
    """A spider of each template, in an empty archive; their sites are in newsarchive.toml."""
    folder = tmp_path / "archive"
    create_config_file(folder)
    for template in NAMES:
        url = f"https://{template}.courier.example/"
        done = run_in_process("new-spider", f"the_{template}", url, "--template", template, "--archive", folder)
        assert done.returncode == 0, done.stderr
    for template, site in zip(NAMES, load_config(folder).sites, strict=True):
        assert (site.name, site.spider) == (f"the_{template}", f"the_{template}")
        spider = load_spider(folder, site)
        assert (type(spider).__name__, spider.site_url) == (f"The{template.title()}", site.url)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", "spiders"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"{len(NAMES)} passed" in ran.stdout
    lint = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--select",
        "E,F,UP",
        "--line-length",
        "120",
        "spiders",
    ]
    types = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache")]
    types += [f"spiders/the_{template}.py" for template in NAMES]
    for words in (lint, types):
        checked = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout


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


def test_a_site_in_a_private_network_is_allowed_and_a_spider_that_exists_is_kept(tmp_path: Path) -> None:
    """As `add` does; without it nothing could be fetched."""
    create_config_file(tmp_path / "archive")
    command = ("new-spider", "courier", "http://127.0.0.1:8900/", "--archive", tmp_path / "archive")
    assert run_in_process(*command).returncode == 0
    assert load_config(tmp_path / "archive").sites[0].allow_private
    (tmp_path / "archive" / "spiders" / "courier.py").write_text("mine")
    again = run_in_process(*command)
    assert again.returncode != 0
    assert "exists; nothing was changed" in again.stderr
    assert (tmp_path / "archive" / "spiders" / "courier.py").read_text() == "mine"
