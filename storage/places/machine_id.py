"""The id of a machine, in a file of the archive's folder.

Host names are no ids: two machines that were made from one image have the same, and a container gets a new one with
every start. The file goes where the folder goes, as do the WARC files that bear its id in their names.
"""

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

from storage.places.folder import raise_write_error, sync_folder

FILE_NAME = "machine-id"
_ID = re.compile(r"[0-9a-f]{12}")


def load_machine_id(folder: Path) -> str:
    """Return the id in an archive's folder; "" if there is none yet."""
    with suppress(OSError, UnicodeDecodeError):
        text = (folder / FILE_NAME).read_text("ascii").strip()
        return text if _ID.fullmatch(text) else ""
    return ""


def ensure_machine_id(folder: Path) -> str:
    """Return the id in an archive's folder, and create it if there is none. DiskFull or StorageError if that fails."""
    if known := load_machine_id(folder):
        return known
    file, part = folder / FILE_NAME, folder / f"{FILE_NAME}.{secrets.token_hex(4)}.part"
    try:
        with part.open("x", encoding="ascii") as written:
            written.write(f"{secrets.token_hex(6)}\n")
            written.flush()
            os.fsync(written.fileno())
        try:
            os.link(part, file)  # fails if another process was faster
        except FileExistsError:
            if not load_machine_id(folder):
                part.replace(file)
        sync_folder(folder)
    except OSError as problem:
        raise_write_error(file, problem)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return load_machine_id(folder)
