"""All forms of export in one table: the command line and the browser offer what stands here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

from newsarchive.export.cdxj import write_cdxj
from newsarchive.export.choice import Choice
from newsarchive.export.copy import write_sqlite
from newsarchive.export.lines import write_csv, write_jsonl
from newsarchive.export.table import write_parquet
from newsarchive.export.wacz import write_wacz
from newsarchive.export.warcs import write_warc


class Format(StrEnum):
    """What is written."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    WARC = "warc"
    WACZ = "wacz"
    CDXJ = "cdxj"
    SQLITE = "sqlite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One of them."""

    name: str
    """As people write it."""
    suffix: str
    media_type: str
    noun: str
    """What is counted."""
    meaning: str
    write: Callable[[Choice, BinaryIO], int]
    """Writes all, and returns how many were written."""
    is_stream: bool = True
    """False: wants a file, standard output will not do."""


FORMS: Mapping[Format, Form] = {
    Format.JSONL: Form(
        name="JSONL", suffix=".jsonl", media_type="application/x-ndjson", noun="article", write=write_jsonl,
        meaning="One JSON object a line",
    ),
    Format.CSV: Form(
        name="CSV", suffix=".csv", media_type="text/csv", noun="article", write=write_csv,
        meaning="A table for spreadsheets, without links",
    ),
    Format.PARQUET: Form(
        name="Parquet", suffix=".parquet", media_type="application/vnd.apache.parquet", noun="article",
        write=write_parquet, meaning="A table for data frames", is_stream=False,
    ),
    Format.WARC: Form(
        name="WARC", suffix=".warc.gz", media_type="application/warc", noun="capture", write=write_warc,
        meaning="Records byte for byte, with what their pages embed",
    ),
    Format.WACZ: Form(
        name="WACZ", suffix=".wacz", media_type="application/wacz", noun="capture", write=write_wacz,
        meaning="Records, index and pages in one file, for ReplayWeb.page", is_stream=False,
    ),
    Format.CDXJ: Form(
        name="CDXJ", suffix=".cdxj", media_type="text/x-cdxj", noun="capture", write=write_cdxj,
        meaning="An index of captures, sorted, as pywb reads it",
    ),
    Format.SQLITE: Form(
        name="SQLite", suffix=".sqlite", media_type="application/vnd.sqlite3", noun="article", write=write_sqlite,
        meaning="A database with full text, for Datasette", is_stream=False,
    ),
}  # fmt: skip
