"""Print every headline that was changed, with the words that went and came.

python examples/changed_headlines.py morgue
"""

import sys
from pathlib import Path

from newsarchive.archive import Archive
from newsarchive.diff.paragraphs import TextChange, compare_paragraphs
from storage.index.queries.articles import find_article_id

MARKS = {TextChange.SAME: "{}", TextChange.REMOVED: "[-{}-]", TextChange.ADDED: "{{+{}+}}"}


def main(folder: Path) -> None:
    """Walk all articles with more than one version."""
    with Archive.open(folder) as archive:
        for line in archive.export():
            found = archive.index.ask(find_article_id, line["canonical_url"])
            article = None if found is None else archive.article(found)
            if article is None or len(article.versions) < 2:
                continue
            for before, after in zip(article.versions, article.versions[1:], strict=False):
                if before.headline != after.headline:
                    lines = compare_paragraphs([before.headline], [after.headline])
                    words = " ".join(
                        "".join(MARKS[each.change].format(each.text) for each in line.pieces) for line in lines
                    )
                    print(f"{after.first_seen:%Y-%m-%d %H:%M}  {article.url}\n    {words}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
