"""Pages of real sites, in a WARC file that warcio wrote, import to what reading them one by one says."""

import gzip
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from newsarchive import extract_page
from newsarchive.extract.serialize import reading_to_json
from storage.model import Outcome

PAGES = 100
SAME = ("headline", "dek", "authors", "section", "tags", "language", "access", "image", "paragraphs")


@pytest.fixture
def corpus() -> Path:
    """Folder of annotated real pages."""
    folder = os.environ.get("NEWSARCHIVE_EVAL")
    if not folder or not Path(folder, "bodies.json").exists():
        pytest.skip("NEWSARCHIVE_EVAL names no folder of annotated pages")
    return Path(folder)


# warcio leaves the temporary file that it copies a payload into to the garbage collector.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_a_foreign_file_of_real_pages_imports_to_what_the_pages_say(
    build: Callable[..., Any], corpus: Path, tmp_path: Path
) -> None:
    """Every field of every article, whatever tool wrote the file and whatever encoding the page has."""
    told = json.loads((corpus / "bodies.json").read_text("utf-8"))
    warc = tmp_path / "real.warc.gz"
    expected: dict[str, dict[str, Any]] = {}
    with warc.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        for name, page in sorted(told.items())[:PAGES]:
            html = next((corpus / "pages").glob(f"{name}.html*")).read_bytes()
            if html.startswith(b"\x1f\x8b"):
                html = gzip.decompress(html)
            headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
            writer.write_record(
                writer.create_warc_record(page["url"], "response", payload=io.BytesIO(html), http_headers=headers)
            )
            reading = extract_page(html, page["url"], (("Content-Type", "text/html"),))
            if reading.outcome is Outcome.ARTICLE:
                expected[page["url"]] = reading_to_json(reading)
    rig = build()
    done = rig.run("import", str(warc))
    assert done.returncode == 0, done.stderr
    found = {str(article["url"]): article for article in rig.articles()}
    assert len(expected) >= 0.8 * PAGES
    boilerplate = {url: set(found[url]["boilerplate"]) for url in found}
    for url, article in expected.items():
        if url not in found:  # another page of the set names the same canonical URL
            continue
        said = {name: article[name] for name in SAME}
        said["paragraphs"] = [p for p in said["paragraphs"] if p["text"] not in boilerplate[url]]
        assert {name: found[url][name] for name in SAME} == said
    assert len(found.keys() & expected.keys()) >= len(expected) - 3
