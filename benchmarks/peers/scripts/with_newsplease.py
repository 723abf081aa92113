"""Read the pages of a WARC file with warcio and news-please's extractor, in one process.

    python with_newsplease.py WARC OUT PAGES

Its own reader of WARC records undoes neither chunks nor codings; so it is handed the pages themselves.
"""

import json
import sys
from pathlib import Path

from bs4.dammit import EncodingDetector
from html_records import pages
from newsplease import NewsPlease


def main(warc: str, out: str, most: int) -> None:
    """One line a page; its text is "" where nothing was found."""
    with Path(out).open("w", encoding="utf-8") as lines:
        for url, payload in pages(warc, most):
            encoding = EncodingDetector.find_declared_encoding(payload, is_html=True) or "utf-8"
            article = NewsPlease.from_html(payload.decode(encoding, "replace"), url=url, fetch_images=False)
            found = article.get_serializable_dict() if article else {}
            lines.write(json.dumps({**found, "url": url, "text": found.get("maintext") or ""}, default=str) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
