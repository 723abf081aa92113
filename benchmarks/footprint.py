"""Bytes of the index for each imported page, by table and index.

    NEWSARCHIVE_EVAL=... python -m benchmarks.footprint [--small 2000] [--index postgresql+psycopg://...] [--list]

Imports two sets into archives of their own: real press pages of many sites, from the annotated pages that
NEWSARCHIVE_EVAL names, and small pages of five invented papers (benchmarks/papers.py). A PostgreSQL database must be
empty; it takes one set, the press pages.
"""

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import create_engine, text

from benchmarks.cost import Cost, run_timed
from benchmarks.papers import Papers
from storage.warc.record import build_member, sha256, warc_date

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
SQLITE = """
SELECT m.tbl_name, d.name, sum(d.pgsize) FROM dbstat d JOIN sqlite_master m ON m.name = d.name GROUP BY 1, 2
"""
POSTGRES = """
SELECT c.relname, c.relname, pg_table_size(c.oid) FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace =
 'public'::regnamespace UNION ALL SELECT t.relname, c.relname, pg_relation_size(c.oid) FROM pg_index i
 JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
 WHERE t.relkind = 'r' AND t.relnamespace = 'public'::regnamespace
"""


def press_pages(folder: Path) -> Iterator[tuple[str, bytes]]:
    """URLs and pages of three of the sets: news articles of many sites, as their servers sent them."""
    sets = [("bodies.json", "pages", None), ("sites.json", "sites", None), ("world/world.json", "world/pages", "aed")]
    for gold, pages, only in sets:
        for name, page in sorted(json.loads((folder / gold).read_text("utf-8")).items()):
            if only is None or page["set"] == only:
                html = next((folder / pages).glob(f"{name}.html*")).read_bytes()
                url = page["url"] if "://" in page["url"] else f"https://{page['url']}"
                yield url, gzip.decompress(html) if html.startswith(b"\x1f\x8b") else html


def write_warc(file: Path, pages: Iterator[tuple[str, bytes]]) -> None:
    """Write a response record for each page."""
    with file.open("wb") as warc:
        for number, (url, page) in enumerate(pages):
            head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\n\r\n".encode()
            fields = [
                ("WARC-Record-ID", f"<urn:uuid:{number:08x}-0000-4000-8000-{number:012x}>"),
                ("WARC-Date", warc_date(BEGIN + timedelta(minutes=number))), ("WARC-Target-URI", url),
                ("WARC-Payload-Digest", sha256(page)), ("Content-Type", "application/http;msgtype=response"),
            ]  # fmt: skip
            warc.write(build_member("response", fields, head + page))


def import_file(folder: Path, warc: Path, address: str | None) -> tuple[str, Cost]:
    """Import a file into a new archive; returns the address of its index."""
    command = [sys.executable, "-m", "newsarchive"]
    subprocess.run([*command, "init", str(folder)], check=True, stdout=subprocess.DEVNULL)
    if address:
        settings = folder / "newsarchive.toml"
        settings.write_text(f'index = "{address}"\n{settings.read_text()}')
    cost = run_timed([*command, "import", str(warc), "--archive", str(folder)], folder=folder)
    return address or f"sqlite:///{folder / 'index.sqlite3'}", cost


def print_sizes(folder: Path, address: str, cost: Cost, warc: Path, *, listed: bool) -> None:
    """Print bytes a page, of the search folder, of tables and, if asked, of their indexes."""
    engine = create_engine(address)
    with closing(engine.connect()) as connection:
        pages = connection.execute(text("SELECT count(*) FROM captures")).scalar_one()
        rows = connection.execute(text(SQLITE if engine.dialect.name == "sqlite" else POSTGRES)).all()
    engine.dispose()
    tables: dict[str, int] = {}
    for table, _, size in rows:
        tables[table] = tables.get(table, 0) + size
    whole = sum(tables.values())
    search = sum(file.stat().st_size for file in (folder / "search").rglob("*") if file.is_file())
    print(f"{folder.name} pages: {pages:,}, {warc.stat().st_size / pages:,.0f} B of WARC each")
    print(
        f"  {1000 * cost.cpu / pages:.1f} CPU ms; index {whole / pages:,.0f} B, search folder {search / pages:,.0f} B"
    )
    for table, size in sorted(tables.items(), key=lambda item: -item[1])[: 100 if listed else 8]:
        print(f"  {table:24} {size / pages:9,.0f}")
        for part in (part for part in rows if listed and part[0] == table):
            print(f"    {part[1]:44} {part[2] / pages:7,.0f}")


def main() -> None:
    """Import and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", type=int, default=2_000, help="small pages")
    parser.add_argument("--index", help="an empty PostgreSQL database, for the press pages")
    parser.add_argument("--list", action="store_true", help="all tables and indexes")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        evaluation = os.environ.get("NEWSARCHIVE_EVAL")
        if evaluation:
            press = folder / "press.warc.gz"
            write_warc(press, press_pages(Path(evaluation)))
            address, cost = import_file(folder / "press", press, asked.index)
            print_sizes(folder / "press", address, cost, press, listed=asked.list)
        if not asked.index:
            [small] = Papers(pages=asked.small, files=1).write(folder / "papers")
            address, cost = import_file(folder / "small", small, None)
            print_sizes(folder / "small", address, cost, small, listed=asked.list)


if __name__ == "__main__":
    main()
