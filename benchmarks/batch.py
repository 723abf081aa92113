"""Read whole WARC files: how many pages a second `rebuild` and `import` do, reading the pages included.

    python -m benchmarks.batch [--articles 1500] [--page-size 210000] [--runs 3]

One crawl of the local newsroom makes the files; then each command reads them into an empty index, in turn.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

from benchmarks.cost import ROOT, run_timed
from benchmarks.crawling import COMMAND, Run, ours, report
from benchmarks.newsroom import newsroom


def rebuilt(folder: Path, pages: int) -> Run:
    """Make the index of an archive anew."""
    return Run(pages=pages, cost=run_timed([*COMMAND, "rebuild", "--archive", str(folder)], folder=folder))


def import_files(warcs: list[Path], folder: Path, pages: int) -> Run:
    """Import files into an archive that is made for it."""
    subprocess.run([*COMMAND, "init", str(folder)], check=True, capture_output=True, cwd=ROOT)
    words = [*COMMAND, "import", *map(str, warcs), "--archive", str(folder)]
    return Run(pages=pages, cost=run_timed(words, folder=folder))


def main() -> None:
    """Print the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=1500)
    parser.add_argument("--page-size", type=int, default=210_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        folder = Path(scratch, "archive")
        folder.mkdir()
        with newsroom(options.articles, options.page_size) as url:
            pages = ours(url, folder).pages
        warcs = sorted((folder / "warc").glob("*.warc.gz"))
        rebuilds = [rebuilt(folder, pages) for _ in range(options.runs)]
        imports = [import_files(warcs, Path(scratch, f"import-{n}"), pages) for n in range(options.runs)]
    print(report("rebuild", rebuilds))
    print(report("import", imports))


if __name__ == "__main__":
    main()
