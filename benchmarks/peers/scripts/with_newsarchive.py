"""Read the pages of a WARC file with newsarchive's extractor alone, in one process.

python -m benchmarks.peers.scripts.with_newsarchive WARC OUT PAGES
"""

import json
import sys
from pathlib import Path

from newsarchive.extract import extract_page, reading_to_json
from storage.warc.payload import decode_payload, parse_http_headers
from storage.warc.reader import read_records

LIMIT = 100_000_000
"""Bytes of a page at most."""


def main(warc: str, out: str, most: int) -> None:
    """One line a page; its text is "" where it is no article."""
    count = 0
    with Path(out).open("w", encoding="utf-8") as lines:
        for record in read_records(Path(warc)):
            if record.type != "response":
                continue
            status, headers = parse_http_headers(record.block)
            mime = next((value for name, value in headers if name.lower() == "content-type"), "")
            if status != 200 or not mime.startswith("text/html"):
                continue
            reading = extract_page(decode_payload(record.block, LIMIT), record.uri, headers)
            found = reading_to_json(reading)
            text = "\n".join(paragraph.text for paragraph in reading.article.paragraphs) if reading.article else ""
            lines.write(json.dumps({"url": record.uri, **found, "text": text}, default=str) + "\n")
            count += 1
            if count == most:
                return


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
