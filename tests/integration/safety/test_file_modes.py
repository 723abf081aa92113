"""Files of the archive are for their owner and group alone, whatever the umask of the process."""

from pathlib import Path

import pytest

from tests.forked_process import run_script
from tests.integration.safety.test_takedown import write_pages

LIBRARY = """
import os, sys
from contextlib import closing
from pathlib import Path
os.umask(int(sys.argv[2], 8))
from newsarchive.alerts.matching import open_store
from newsarchive.archive import Archive
from tests.rebuilding import rebuild
folder = Path(sys.argv[1])
Archive.init(folder / "morgue").close()
with Archive.open(folder / "morgue") as archive:
    archive.import_files([folder / "pages.warc.gz"])
    archive.index.update_search()
    archive.seal()
    open_store(archive.folder).close()
    archive.takedown(["https://news.example/a/gone.html"], "court", dry_run=False)
    rebuild(archive)
    print(*(path for path in sorted(archive.folder.rglob("*")) if path.is_file()), sep="\\n")
    print(*(oct(path.stat().st_mode & 0o777) for path in sorted(archive.folder.rglob("*")) if path.is_file()))
    open_to_all = []
    for path in archive.folder.rglob("*"):
        above = [each for each in path.parents if archive.folder in each.parents]
        is_closed = any(not each.stat().st_mode & 0o005 for each in above)
        if path.is_file() and path.stat().st_mode & 0o007 and not is_closed:
            open_to_all.append(f"{path.name} {path.stat().st_mode:o}")
    sys.exit(str(open_to_all) if open_to_all else 0)
"""


@pytest.mark.parametrize("umask", ["022", "000"])
def test_files_that_the_library_makes_are_not_for_others(tmp_path: Path, umask: str) -> None:
    """WARC files, chain, index with its log, search folder, state of alerts; also without the command."""
    write_pages(tmp_path / "pages.warc.gz")
    done = run_script(LIBRARY, tmp_path, umask)
    assert done.returncode == 0, done.stderr
    assert "index.sqlite3-wal" in done.stdout
    assert "alerts.sqlite3" in done.stdout
