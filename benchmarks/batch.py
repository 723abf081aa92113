"""Read whole WARC files: how many pages a second `rebuild` and `import` do, reading the pages included.

    python benchmarks/batch.py [--articles 1500] [--page-size 210000] [--runs 3]

One crawl of the local newsroom makes the files; then each command reads them into an empty index, in turn.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from crawl import HERE, Run, newsroom, ours, report, timed


def rebuilt(folder: Path, pages: int) -> Run:
    """Make the index of an archive anew."""
    cost = timed([sys.executable, "-m", "newsarchive", "rebuild", "--archive", str(folder)], folder=folder)
    return Run(pages=pages, cost=cost)


def imported(warcs: list[Path], folder: Path, pages: int) -> Run:
    """Import files into an archive that is made for it."""
    base = [sys.executable, "-m", "newsarchive"]
    subprocess.run([*base, "init", str(folder)], check=True, capture_output=True, cwd=HERE.parent)
    words = [*base, "import", *map(str, warcs), "--archive", str(folder)]
    cost = timed(words, folder=folder)
    return Run(pages=pages, cost=cost)


def main() -> None:
    """Print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
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
        imports = [imported(warcs, Path(scratch, f"import-{n}"), pages) for n in range(options.runs)]
    print(report("rebuild", rebuilds))
    print(report("import", imports))


if __name__ == "__main__":
    main()
