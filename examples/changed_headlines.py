"""Print every headline that was changed, with the one before.

python examples/changed_headlines.py morgue
"""

import sys
from itertools import pairwise

from newsarchive import Archive


def main(folder: str) -> None:
    """Compare each version of an article with the next one."""
    with Archive.open(folder) as archive:
        for article in archive.articles():
            newest_first = archive.versions(url=article.url) if article.versions > 1 else ()
            for after, before in pairwise(newest_first):
                if before.headline != after.headline:
                    print(f"{after.capture.fetched_at:%Y-%m-%d %H:%M}  {article.canonical_url}")
                    print(f"    - {before.headline}\n    + {after.headline}")


if __name__ == "__main__":
    main(sys.argv[1])
