"""The table of export formats, for the command line and the browser."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import BinaryIO

from newsarchive.export.articles import write_articles, write_sqlite
from newsarchive.export.cdxj import write_cdxj
from newsarchive.export.citations import write_bibliography
from newsarchive.export.records import write_warc
from newsarchive.export.request import ExportRequest
from newsarchive.export.wacz import write_wacz


class Format(StrEnum):
    """Names of the formats."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    WARC = "warc"
    WACZ = "wacz"
    CDXJ = "cdxj"
    SQLITE = "sqlite"
    BIBTEX = "bibtex"
    RIS = "ris"
    CSL = "csl"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatInfo:
    """Properties of a format."""

    name: str
    """Name for people."""
    suffix: str
    media_type: str
    noun: str
    """Unit of the count."""
    description: str
    write: Callable[[ExportRequest, BinaryIO], int]
    """Writes the export and returns the count."""
    is_stream: bool = True
    """False if it cannot be written to standard output."""


FORMATS: Mapping[Format, FormatInfo] = {
    Format.JSONL: FormatInfo(
        name="JSONL", suffix=".jsonl", media_type="application/x-ndjson", noun="article",
        write=partial(write_articles, format_="jsonl"), description="One JSON object per line",
    ),
    Format.CSV: FormatInfo(
        name="CSV", suffix=".csv", media_type="text/csv", noun="article",
        write=partial(write_articles, format_="csv"), description="Table for spreadsheets, without links",
    ),
    Format.PARQUET: FormatInfo(
        name="Parquet", suffix=".parquet", media_type="application/vnd.apache.parquet", noun="article",
        write=partial(write_articles, format_="parquet"), description="Table for data frames", is_stream=False,
    ),
    Format.WARC: FormatInfo(
        name="WARC", suffix=".warc.gz", media_type="application/warc", noun="capture", write=write_warc,
        description="Records byte for byte, with page requisites",
    ),
    Format.WACZ: FormatInfo(
        name="WACZ", suffix=".wacz", media_type="application/wacz", noun="capture", write=write_wacz,
        description="Records, index and pages in one file, for ReplayWeb.page", is_stream=False,
    ),
    Format.CDXJ: FormatInfo(
        name="CDXJ", suffix=".cdxj", media_type="text/x-cdxj", noun="capture", write=write_cdxj,
        description="Sorted index of captures, for pywb",
    ),
    Format.SQLITE: FormatInfo(
        name="SQLite", suffix=".sqlite", media_type="application/vnd.sqlite3", noun="article", write=write_sqlite,
        description="Database with full text, for Datasette", is_stream=False,
    ),
    Format.BIBTEX: FormatInfo(
        name="BibTeX", suffix=".bib", media_type="application/x-bibtex; charset=utf-8", noun="article",
        description="Bibliography", write=partial(write_bibliography, suffix="bib"),
    ),
    Format.RIS: FormatInfo(
        name="RIS", suffix=".ris", media_type="application/x-research-info-systems; charset=utf-8", noun="article",
        description="Bibliography, for EndNote", write=partial(write_bibliography, suffix="ris"),
    ),
    Format.CSL: FormatInfo(
        name="CSL-JSON", suffix=".csl.json", media_type="application/vnd.citationstyles.csl+json", noun="article",
        description="Bibliography, for Zotero", write=partial(write_bibliography, suffix="csl.json"),
    ),
}  # fmt: skip
