"""Articles as Parquet, for data frames. Needs the extra "parquet"."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from newsarchive.export.choice import Choice
from storage.errors import ConfigError

_ROWS = 500
"""Of one row group: what is in memory at once."""
_MOMENTS = ("published", "modified", "first_seen", "last_seen")


def write_parquet(choice: Choice, into: BinaryIO) -> int:
    """The keys of a JSONL line as columns, lists and groups as nested types, moments as UTC; returns how many rows."""
    try:
        import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
        from pyarrow import parquet
    except ModuleNotFoundError:
        raise ConfigError(
            "Parquet is written by pyarrow, which is not installed; nothing was written. "
            "Install it with: pip install 'newsarchive[parquet]'"
        ) from None
    schema = _schema(pa)
    count = 0
    with parquet.ParquetWriter(into, schema, compression="zstd") as writer:
        for rows in _groups(choice.index.export(choice.filters, all_versions=choice.all_versions)):
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
            count += len(rows)
            choice.tell(count)
    return count


def _groups(lines: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    rows = (_row(line) for line in lines)
    while group := list(islice(rows, _ROWS)):
        yield group


def _row(line: dict[str, Any]) -> dict[str, Any]:
    capture = {**line["capture"], "fetched_at": _moment(line["capture"]["fetched_at"])}
    return {**line, **{name: _moment(line[name]) for name in _MOMENTS}, "capture": capture}


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _schema(pa: Any) -> Any:
    text, number, moment = pa.string(), pa.int64(), pa.timestamp("us", tz="UTC")
    link = pa.struct([("url", text), ("anchor", text)])
    group = pa.struct([("kind", text), ("label", text), ("links", pa.list_(link))])
    capture = pa.struct(
        [("warc", text), ("offset", number), ("length", number), ("fetched_at", moment), ("status", pa.int32()),
         ("payload_digest", text)]
    )  # fmt: skip
    return pa.schema(
        [
            ("url", text), ("canonical_url", text), ("site", text), ("headline", text), ("dek", text),
            ("authors", pa.list_(text)), ("published", moment), ("modified", moment), ("language", text),
            ("section", text), ("tags", pa.list_(text)), ("body", text),
            ("paragraphs", pa.list_(pa.struct([("role", text), ("text", text)]))), ("boilerplate", pa.list_(text)),
            ("links", pa.list_(group)), ("access", text), ("image", text), ("versions", pa.int32()),
            ("first_seen", moment), ("last_seen", moment), ("capture", capture),
        ]
    )  # fmt: skip
