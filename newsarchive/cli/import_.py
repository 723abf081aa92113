"""newsarchive import."""

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from typer import Argument, Exit, Option

from newsarchive.alerts.delivery import follow_alerts
from newsarchive.archive import Archive
from newsarchive.cli.crawl import print_pages, save_pages
from newsarchive.cli.options import HERE, Dask, Folder
from newsarchive.cli.output import AS_JSON, print_line, print_result, sanitize, show_progress, stderr, stdout
from newsarchive.config.toml_file import load_config, rename_site
from newsarchive.config.units import pluralize
from newsarchive.crawl.save import clean_url
from newsarchive.ingest.page_files import SUFFIXES, detect_kind, list_files, read_records, read_urls
from newsarchive.maintenance.recover import ImportResult
from newsarchive.maintenance.site_names import find_other_names
from storage.errors import ArchiveError, ConfigError


def import_files(
    files: Annotated[list[Path], Argument(metavar="FILE...", help="WARC, ARC, WACZ, pages, URL lists, folders, or -.")],
    *,
    url: Annotated[str | None, Option(help="URL of the saved page, if its file does not state it.")] = None,
    yes: Annotated[bool, Option("--yes", help="Use this archive's site names where files have others.")] = False,
    dask: Dask = None,
    archive: Folder = HERE,
) -> None:
    """Import WARC files of other tools, and saved pages.

    The files are copied into the archive. Pages of hosts that belong to no configured site get a site with the host's
    name. Damaged records are reported and skipped. If interrupted, the same command continues. Saved pages (HTML,
    SingleFile, MHTML) need a URL, their own or --url; URLs of a list are fetched, as by save. Exits with 1 if anything
    was damaged, or had no URL.
    """
    if (url := url and clean_url(url)) and (len(files) != 1 or files[0].is_dir()):
        raise ConfigError("--url is for a single page; nothing was imported. Name one file, or leave out --url")
    with TemporaryDirectory() as folder:
        warcs, urls, nameless = _sort_files(files, url, Path(folder))
        for theirs, ours in find_other_names(load_config(archive), warcs).items():
            _require_consent(theirs, ours, yes=yes)
            rename_site(archive, ours, ours, theirs)
        with Archive.open(archive) as opened, show_progress("importing") as step, follow_alerts(opened, opened.now):
            result = opened.import_files(warcs, step, dask=dask)
            # A failed upload is not damage: the next crawl repeats it.
            unsent = opened.upload(step).problems
    lost = [problem for each in result.adopted for problem in each.damage]
    problems = [*nameless, *lost, *result.read.problems, *unsent]
    if not AS_JSON.get():  # before the pages of lists are fetched, which may take long
        _print(result, problems, folder, has_more=bool(lost or nameless or urls))
    try:
        saved, code = save_pages(urls, archive) if urls else ([], 0)
    except ArchiveError as problem:  # such as a crawl of their site: the files are imported
        print_result({"imported": result, "saved": [], "problems": [*problems, str(problem)]}, lambda: None)
        raise
    print_result({"imported": result, "saved": saved, "problems": problems}, lambda: print_pages(saved))
    raise Exit(code or int(bool(nameless or lost or result.read.problems)))


def _print(result: ImportResult, problems: Sequence[str], folder: str, *, has_more: bool) -> None:
    out = stdout()
    if result.recovered.captures:
        what = _count(result.recovered.captures, result.recovered.versions)
        print_line(out, f"{result.recovered.cause.capitalize()}: {what} were recovered first.")
    for adopted in result.adopted:
        said = [pluralize(adopted.record_count, "record")] if adopted.files or not adopted.already_imported else []
        if adopted.already_imported:
            said.append(f"already archived as {', '.join(adopted.already_imported)}")
        print_line(out, f"{adopted.source.removeprefix(f'{folder}/')}: {', '.join(said)}")
    known, new = result.read.known, result.read.captures - result.read.known
    was = "was" if known == 1 else "were"
    already = f" {pluralize(known, 'capture')} {was} in the archive already." if known else ""
    is_damaged = any(each.damage for each in result.adopted)
    skipped = " Damaged records were skipped; the source files are unchanged." if is_damaged else ""
    out.print(f"{_count(new, result.read.versions)} imported.{already}{skipped}")
    if not (new or has_more or result.recovered.captures):
        out.print("There was nothing new: the archive had all of it.")
    for problem in problems:
        print_line(stderr(), problem)


def _sort_files(files: list[Path], url: str | None, into: Path) -> tuple[list[Path], list[str], list[str]]:
    """Return WARC files, one of the saved pages among them, the URLs of lists, and a line for each page without URL."""
    pages, warcs, urls, nameless = into / "saved-pages.warc.gz", [], [], []
    with pages.open("wb") as out:
        for given in list_files(files, (*SUFFIXES, ".warc", ".arc", ".gz", ".wacz")):
            if str(file := given) == "-":
                (file := into / "standard-input").write_bytes(sys.stdin.buffer.read())
            match detect_kind(file):
                case "page" if records := list(read_records(file, url)):
                    out.writelines(records)
                case "page":
                    nameless.append(f"{given} has no URL, and was not imported: newsarchive import {given} --url URL")
                case "urls":
                    urls += read_urls(file.read_bytes())
                case _:
                    warcs.append(file)
    return [*warcs, *([pages] if pages.stat().st_size else [])], urls, nameless


def _require_consent(theirs: str, ours: str, *, yes: bool) -> None:
    """Ask once whether a site of the files is one of the archive; ConfigError if it may not be or nobody answers."""
    question = f"The files call the site {ours} of this archive {theirs}. Import its pages as those of {ours}? [y/N]"
    if not yes and sys.stdin.isatty():
        print(sanitize(question), end=" ", file=sys.stderr, flush=True)
        yes = sys.stdin.readline().strip().lower() in ("y", "yes")  # at the end of input it is empty
    if not yes:
        raise ConfigError.create("other-site-name", ours=ours, theirs=theirs)


def _count(captures: int, versions: int) -> str:
    return f"{pluralize(captures, 'capture')} and {pluralize(versions, 'article version')}"
