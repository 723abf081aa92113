"""Articles, links and captures as an SQLite file of plain tables.

To look at it with facets and full text: uvx datasette articles.sqlite
"""

import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO

from newsarchive.export.choice import Choice
from storage.index.copying import write_copy


def write_sqlite(choice: Choice, into: BinaryIO) -> int:
    """SQLite writes files, not streams: it is made beside and then copied. Returns how many articles."""
    beside = Path(str(into.name)).parent if isinstance(getattr(into, "name", None), str) else None
    with tempfile.TemporaryDirectory(dir=beside, prefix=".newsarchive-") as folder:
        path = Path(folder) / "copy.sqlite"
        lines = choice.index.export(choice.filters, all_versions=choice.all_versions)
        count = write_copy(path, lines, choice.index.slice_lines(choice.filters), choice.tell)
        with path.open("rb") as made:
            shutil.copyfileobj(made, into, 1 << 20)
    return count
