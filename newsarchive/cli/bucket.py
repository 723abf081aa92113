"""newsarchive bucket."""

from typing import Annotated, Literal, NoReturn, TypeAlias

from rich.text import Text
from typer import BadParameter, Exit, Option

from newsarchive.archive import Archive
from newsarchive.bucket.upload import FileLocation, LocatedFile, Relocation, locate_files, require_bucket
from newsarchive.cli import output
from newsarchive.cli.options import HERE, Folder
from newsarchive.config.units import humanize_size, pluralize
from storage.index.queries.status import list_warc_files
from storage.index.write import warc_files

MoveTarget: TypeAlias = Literal["bucket", "folder"]


def bucket(
    *,
    files: Annotated[bool, Option("--files", help="List each file.")] = False,
    check: Annotated[bool, Option("--check", help="Print only problems and waiting uploads; exit 1 if any.")] = False,
    upload: Annotated[bool, Option("--upload", help="Upload files, delete local copies past keep_local.")] = False,
    to: Annotated[MoveTarget | None, Option("--to", help="Copy all closed files to the bucket or the folder.")] = None,
    remove: Annotated[bool, Option("--remove", help="With --to: delete the original of each verified copy.")] = False,
    archive: Folder = HERE,
) -> None:
    """Show and change where WARC files are stored: folder or bucket.

    Copies are compared by digest before anything is deleted. If interrupted, the same command continues. Exits with 1
    if a file could not be moved, and with 74 if the bucket does not respond.
    """
    if remove and to is None:
        raise BadParameter("requires --to; nothing was done", param_hint="--remove")
    if upload and to is not None:
        raise BadParameter("cannot be combined with --to; nothing was done", param_hint="--upload")
    with Archive.open_to_read(archive) as opened:
        if to is not None:
            _move_files(opened, to, remove=remove)
        if upload:
            require_bucket(opened.places)
            with output.show_progress("uploading") as step:
                sent = opened.upload(step)
            freed = f", {len(sent.freed):,} deleted from the folder" if sent.freed else ""
            summary = f"{pluralize(len(sent.uploaded), 'WARC file')} uploaded{freed}."
            output.end_command(sent, lambda: print(summary), sent.problems)
        known = {file.name: file.size or 0 for file in opened.index.read(list_warc_files)}
        found = list(locate_files(opened.places, known, opened.now()))
    wrong = [each for each in found if each.problem or each.waits]
    facts = {"folder": opened.places.folder, "bucket": opened.config.bucket, "files": found}
    output.print_result(facts, lambda: None if check else _print_locations(opened, found, files=files))
    for each in wrong if check else [each for each in wrong if each.problem]:
        message = each.problem or "waits to be uploaded. To upload it now: newsarchive bucket --upload"
        output.print_lines(output.stderr(), [f"{each.name}: {message}"], style="red" if each.problem else "yellow")
    raise Exit(int(check and bool(wrong)))


def _move_files(archive: Archive, to: MoveTarget, *, remove: bool) -> NoReturn:
    with output.show_progress(f"copying to the {to}") as step:
        digests = archive.index.read(warc_files.load_warc_digests)
        move = Relocation(places=archive.places, digests=digests, remove=remove, progress=step)
        moved = move.to_bucket() if to == "bucket" else move.to_folder()
    other = "folder" if to == "bucket" else "bucket"
    deleted = f", {len(moved.removed):,} deleted from the {other}" if moved.removed else ""
    summary = f"{pluralize(len(moved.carried), 'WARC file')} copied to the {to}{deleted}."
    if moved.removed and to == "folder":
        summary += "\nRemove `bucket` from newsarchive.toml, or the next crawl uploads them again."
    output.end_command(moved, lambda: print(summary), moved.problems)


def _print_locations(archive: Archive, found: list[LocatedFile], *, files: bool) -> None:
    out = output.stdout()
    output.print_lines(out, (f"folder: {archive.places.folder}", f"bucket: {archive.config.bucket or 'none'}"))
    listed = output.create_table("WARC files", "files", "size", right=("files", "size"))
    rows = [
        (Text(meaning, "red" if where == FileLocation.MISSING else ""), [each for each in found if each.where == where])
        for where, meaning in output.TEXTS["locations"].items()
    ]
    for what, some in (*rows, (Text("waiting to be uploaded", "yellow"), [each for each in found if each.waits])):
        if some:
            listed.add_row(what, f"{len(some):,}", humanize_size(sum(each.size for each in some)))
    out.print(listed)
    output.print_lines(out, (f"{each.name}  {each.where}  {humanize_size(each.size)}" for each in found if files))
