"""Articles, links and captures as an SQLite file of plain tables.

To look at it with facets and full text: uvx datasette articles.sqlite
"""

import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO

from newsarchive.export.choice import Choice
from storage.index.maintenance.datasette_copy import write_copy


def write_sqlite(choice: Choice, into: BinaryIO) -> int:
    """Returns how many articles. SQLite writes files, not streams: into a file that has a name it writes itself, for
    another it is made beside and then copied. OSError where there is no room.
    """
    name = getattr(into, "name", None)
    if isinstance(name, str):
        return _made(choice, Path(name))
    with tempfile.TemporaryDirectory(prefix="newsarchive-") as folder:
        path = Path(folder) / "copy.sqlite"
        count = _made(choice, path)
        with path.open("rb") as made:
            shutil.copyfileobj(made, into, 1 << 20)
    return count


def _made(choice: Choice, path: Path) -> int:
    lines = choice.index.export(choice.filters, all_versions=choice.all_versions)
    return write_copy(path, lines, choice.index.slice_lines(choice.filters), choice.tell)
