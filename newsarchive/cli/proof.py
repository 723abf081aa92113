"""newsarchive proof."""

from pathlib import Path
from typing import Annotated

import typer

from newsarchive.archive import Archive
from newsarchive.cli.options import HERE, Folder
from newsarchive.cli.output import print_line, stdout
from newsarchive.cli.show import find_article
from newsarchive.export.receipt import write_receipt
from newsarchive.export.request import note_export
from newsarchive.maintenance.time_stamps import load_proofs
from newsarchive.maintenance.verify_chain import describe_proofs
from storage.index.queries.articles import get_version
from storage.places.folder import open_atomic


def proof(
    *,
    article: Annotated[str, typer.Argument(metavar="ARTICLE", help="Number or URL of an article.")],
    into: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="ZIP file to write.")],
    archive: Folder = HERE,
) -> None:
    """Write a receipt of an article: its records, and what proves them.

    The ZIP file also has a script that checks it with Python and openssl alone, and a page that explains it.
    """
    with Archive.open_to_read(archive) as opened, open_atomic(into) as file:
        named = find_article(opened, article)
        versions = [opened.index.ask(get_version, line.id) for line in named.versions]
        records = [version.capture.place for version in versions if version]
        proofs = write_receipt(opened.places, records, load_proofs(opened.config)[0], file)
        note_export(opened.folder, "receipt", str(into.resolve()), urls=[named.url])
    said = describe_proofs(proofs) if proofs else "Not proved yet: no time server has stamped all of it"
    print_line(stdout(), f"{into}: {said}")
