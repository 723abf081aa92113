"""A receipt: records with all that is needed to check them without the archive and without newsarchive.

README.html, check.py
FILE/record-OFFSET.warc.gz    a record, as stored
FILE/records.txt              digests of all records of the file, or FILE/FILE, itself, if its link has none
FILE/links.jsonl              link of the file, and those after it up to the first stamped head, else to the last
FILE/key.txt                  public key with which the file's link is signed
FILE/STAMP-HEAD-SERVER.tsr    tokens of that head
"""

import shutil
import zipfile
from collections.abc import Collection, Sequence
from importlib.resources import files
from typing import BinaryIO

from newsarchive.maintenance.verify_chain import HeadProof, latest_links, prove_files
from storage.errors import NotFound
from storage.model import RecordPlace
from storage.places import Places
from storage.warc.repair import digest_records


def write_receipt(
    places: Places, records: Collection[RecordPlace], proofs: Sequence[HeadProof], file: BinaryIO, *, whole: bool
) -> list[HeadProof]:
    """Write a receipt of records as a ZIP file; return what proves the last of them, nothing if one is not proved.

    NotFound if that takes a whole file, unless `whole`: it may have records that are withheld.
    """
    links, found = latest_links(places.load_chains()), list[list[HeadProof]]()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name in ("README.html", "check.py"):
            package.writestr(name, files("newsarchive.export").joinpath(f"receipt-{name}.txt").read_bytes())
        for warc in sorted({record.warc for record in records}):
            if warc not in links:
                raise NotFound(f"no chain has {warc}, so that nothing proves it. For what to do: newsarchive verify")
            chain, position = links[warc]
            found.append(prove_files([chain], proofs).get(warc, []))
            end = chain.heads.index(found[-1][0].head) if found[-1] else len(chain.heads) - 1
            package.writestr(f"{warc}/links.jsonl", b"".join(line + b"\n" for line in chain.lines[position : end + 1]))
            package.writestr(f"{warc}/key.txt", next((each.key for each in chain.links[position::-1] if each.key), ""))
            for token in places.folder.glob(f"STAMP-{chain.heads[end]}-*.tsr"):
                package.write(token, f"{warc}/{token.name}")
            with places.open(warc) as opened:
                for offset, length in ((each.offset, each.length) for each in records if each.warc == warc):
                    opened.seek(offset)
                    package.writestr(f"{warc}/record-{offset}.warc.gz", opened.read(length))
                opened.seek(0)
                if chain.links[position].records:
                    digests = "".join(f"{digest.hex()}\n" for digest in digest_records(places.file(warc)))
                    package.writestr(f"{warc}/records.txt", digests)
                elif not whole:
                    raise NotFound.create("receipt-withheld", warc=warc)
                else:
                    with package.open(f"{warc}/{warc}", "w", force_zip64=True) as copy:
                        shutil.copyfileobj(opened, copy)
    return max(found, key=lambda each: each[0].at) if all(found) else []
