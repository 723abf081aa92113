"""The table of export formats, for the command line and the browser."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from importlib.resources import files
from typing import BinaryIO

from newsarchive.export import articles, cdxj, citations, records, wacz
from newsarchive.export.request import ExportRequest


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


_WRITERS: Mapping[Format, Callable[[ExportRequest, BinaryIO], int]] = {
    Format.WARC: records.write_warc,
    Format.WACZ: wacz.write_wacz,
    Format.CDXJ: cdxj.write_cdxj,
    Format.SQLITE: articles.write_sqlite,
    Format.JSONL: partial(articles.write_articles, format_="jsonl"),
    Format.CSV: partial(articles.write_articles, format_="csv"),
    Format.PARQUET: partial(articles.write_articles, format_="parquet"),
    Format.BIBTEX: partial(citations.write_bibliography, suffix="bib"),
    Format.RIS: partial(citations.write_bibliography, suffix="ris"),
    Format.CSL: partial(citations.write_bibliography, suffix="csl.json"),
}
_FACTS = tomllib.loads(files("newsarchive.export").joinpath("formats.toml").read_text("utf-8"))
FORMATS: Mapping[Format, FormatInfo] = {form: FormatInfo(write=_WRITERS[form], **_FACTS[form]) for form in Format}
