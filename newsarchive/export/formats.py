"""The table of export formats, for the command line and the browser."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from importlib.resources import files
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


_WRITERS: Mapping[Format, Callable[[ExportRequest, BinaryIO], int]] = {
    Format.WARC: write_warc,
    Format.WACZ: write_wacz,
    Format.CDXJ: write_cdxj,
    Format.SQLITE: write_sqlite,
    **{form: partial(write_articles, format_=form.value) for form in (Format.JSONL, Format.CSV, Format.PARQUET)},
    Format.BIBTEX: partial(write_bibliography, suffix="bib"),
    Format.RIS: partial(write_bibliography, suffix="ris"),
    Format.CSL: partial(write_bibliography, suffix="csl.json"),
}
_FACTS = tomllib.loads(files("newsarchive.export").joinpath("formats.toml").read_text("utf-8"))
FORMATS: Mapping[Format, FormatInfo] = {form: FormatInfo(write=_WRITERS[form], **_FACTS[form]) for form in Format}
