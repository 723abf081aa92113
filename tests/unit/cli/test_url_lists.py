"""Lists of URLs, as people's editors save them."""

from pathlib import Path

import pytest

from newsarchive.ingest.page_files import detect_kind, read_urls

URLS = ["https://news.example/a", "http://zürich.example/b?c=d"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", " \t\n\n", "\u2028"])
def test_a_list_is_read_however_it_was_saved(encoding: str, end: str, tmp_path: Path) -> None:
    """Byte order marks and line ends are no part of a URL; UTF-16 needs its mark."""
    mark = "\ufeff" if encoding in {"utf-16-le", "utf-16-be"} else ""
    (file := tmp_path / "list.txt").write_bytes((mark + end.join(URLS) + end).encode(encoding))
    assert detect_kind(file) == "urls"
    assert read_urls(file.read_bytes()) == URLS


def test_a_long_list_is_one(tmp_path: Path) -> None:
    """Also where the beginning that is looked at ends within a URL; a file with anything else is none."""
    many = "".join(f"https://news.example/{number}\n" for number in range(9_000))
    (file := tmp_path / "list.txt").write_text(many)
    assert detect_kind(file) == "urls"
    for other in (f"My list\n{many}", "", "\n", "https://", f"{URLS[0]} notes"):
        file.write_text(other)
        assert detect_kind(file) == "warc"
