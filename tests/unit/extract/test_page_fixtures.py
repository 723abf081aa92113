"""Every folder of tests/pages is a page written for this project, with its expected reading."""

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from newsarchive.extract import extract_page
from newsarchive.extract.page_input import PageInput
from newsarchive.extract.serialize import reading_to_json

PAGES = sorted(folder for folder in (Path(__file__).parents[2] / "pages").iterdir() if folder.is_dir())


@pytest.mark.parametrize("folder", PAGES, ids=lambda folder: folder.name)
def test_page_reads_as_expected(folder: Path) -> None:
    """The whole reading is compared: outcome, metadata, the role of each paragraph, the links of each group."""
    url = (folder / "url.txt").read_text("utf-8").strip()
    clock = folder / "fetched_at.txt"
    fetched_at = datetime.fromisoformat(clock.read_text("utf-8").strip()) if clock.exists() else None
    expected = json.loads((folder / "expected.json").read_text("utf-8"))
    assert (
        reading_to_json(
            extract_page((folder / "page.html").read_bytes(), url, page_input=PageInput(fetched_at=fetched_at))
        )
        == expected
    )


def test_the_annotated_pages_exist() -> None:
    """The test above must not pass because the folder was moved."""
    assert len(PAGES) >= 40


READ_ALL = """
import json, pathlib, sys
from newsarchive.extract import extract_page, reading_to_json
for page in sorted(pathlib.Path(sys.argv[1]).glob("*/page.html")):
    url = page.with_name("url.txt").read_text("utf-8").strip()
    print(json.dumps(reading_to_json(extract_page(page.read_bytes(), url))))
"""


def test_readings_are_reproducible() -> None:
    """Another process, hash seed, time zone and locale give the same reading: a rebuild must equal the crawl."""
    said = {
        subprocess.run(
            [sys.executable, "-c", READ_ALL, str(PAGES[0].parent)],
            env=os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": os.pathsep.join(sys.path)},
            check=True,
            capture_output=True,
        ).stdout
        for seed, zone in (("1", "Asia/Tokyo"), ("2", "America/New_York"))
    }
    assert len(said) == 1
