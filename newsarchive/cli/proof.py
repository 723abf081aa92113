"""newsarchive seal and proof: what proves that WARC files were not changed."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from newsarchive.access.access_rules import AccessRules
from newsarchive.archive import Archive
from newsarchive.cli.options import HERE, Folder, Withheld
from newsarchive.cli.output import end_command, print_line, print_lines, print_result, stdout
from newsarchive.cli.show import find_article
from newsarchive.export.receipt import write_receipt
from newsarchive.export.withheld_records import names_withheld
from newsarchive.maintenance.export_log import note_export
from newsarchive.maintenance.rfc3161 import load_proofs, stamp_head
from newsarchive.maintenance.verify_chain import describe_proofs
from storage.errors import ExportWithheld
from storage.index.queries import articles, cdx
from storage.places.folder import open_atomic


def seal(
    *,
    new_key: Annotated[bool, Option("--new-key", help="Replace the key, signed by the old one.")] = False,
    machine: Annotated[
        str,
        Option("--machine", metavar="ID", help="Vouch for the chain of another machine of this archive, by its id."),
    ] = "",
    print_only: Annotated[bool, Option("--print", help="Print only; ask no time server.")] = False,
    archive: Folder = HERE,
) -> None:
    """Print the head of the chain, and have it stamped.

    The head covers all closed WARC files. Noted elsewhere, it proves later that they were not changed: newsarchive
    verify --head HEAD. The servers of `time_servers` stamp it. Exits with 1 if one does not. With --machine, takedowns
    of another machine of this archive count.
    """
    with Archive.open(archive) as opened:
        chain = opened.seal(new_key=new_key, machine=machine)
        problems = [] if print_only else stamp_head(opened.config)
    said = {"head": chain.head, "key": chain.key, "time": chain.links[-1].at}
    lines = [f"{name}: {value}" for name, value in said.items()]
    end_command(said, lambda: print_lines(stdout(), lines), problems)


def proof(
    *,
    article: Annotated[str, Argument(metavar="ARTICLE", help="Number or URL of an article.")],
    into: Annotated[Path, Option("-o", "--output", metavar="FILE", help="ZIP file to write.")],
    withheld: Withheld = False,
    archive: Folder = HERE,
) -> None:
    """Write a receipt of an article: its records, and what proves them.

    The ZIP file also has a script that checks it with Python and openssl alone, and a page that explains it. Exits with
    77 if the records are withheld or name a page that is.
    """
    with Archive.open_to_read(archive) as opened, open_atomic(into) as file:
        named = find_article(opened, article)
        rules = AccessRules() if withheld else AccessRules.from_config(opened.config).hiding_unknown(opened)
        shown = opened.index.excluding(rules.exclusions(opened.now()))
        versions = [opened.index.ask(articles.get_version, line.id) for line in named.versions]
        captures = [version.capture for version in versions if version]
        lines = [shown.ask(cdx.get_cdx_line, capture.id) for capture in captures]
        if held := sum(line is None or names_withheld(shown, opened.places, line) for line in lines):
            raise ExportWithheld(str(into), held, "To write the receipt all the same: newsarchive proof --withheld")
        records = [capture.place for capture in captures]
        proofs = write_receipt(opened.places, records, load_proofs(opened.config)[0], file, whole=not shown.exclude)
        note_export(opened.folder, "receipt", str(into.resolve()), urls=[named.url])
    said = describe_proofs(proofs) if proofs else "Not proved yet: no time server has stamped all of it"
    facts = {"file": into.resolve(), "article": named.id, "records": len(records), "proofs": len(proofs)}
    print_result(facts, lambda: print_line(stdout(), f"{into}: {said}"))
