"""Read the pages of a WARC file with warcio and trafilatura, in one process.

python with_trafilatura.py WARC OUT PAGES
"""

import json
import sys
from pathlib import Path

from html_records import pages
from trafilatura import extract


def main(warc: str, out: str, most: int) -> None:
    """One line a page; its text is "" where nothing was found."""
    with Path(out).open("w", encoding="utf-8") as lines:
        for url, payload in pages(warc, most):
            found = extract(payload, url=url, output_format="json", with_metadata=True)
            article = json.loads(found) if found else {}
            lines.write(json.dumps({**article, "url": url, "text": article.get("text") or ""}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
