"""Thumbnails of archived pictures: made once by Pillow (extra "pictures"), and kept in a folder of the archive.

    thumbnails/5f/5f2c….jpg      by the payload digest; empty for what is no picture that can be read

Archived pictures are hostile: they are decoded only up to a size, as few formats, and whatever a decoder raises makes
an empty thumbnail. Access is not decided here: a thumbnail is sent where the picture itself would be, so that one on
another machine is no longer sent after a takedown.
"""

import importlib.util
import io
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from storage.errors import StorageError
from storage.places.folder import write_atomic

FOLDER = "thumbnails"
IS_AVAILABLE = importlib.util.find_spec("PIL") is not None
"""True if Pillow is installed."""
SIZE = (480, 480)
MAX_PIXELS = 40_000_000
"""Pixels of a picture that is decoded, as its header states them."""
KEPT_FOR = 90 * 86400
"""Seconds after which a thumbnail is deleted when a server starts."""
_FORMATS = ("AVIF", "GIF", "JPEG", "PNG", "WEBP")
_DECODERS = threading.BoundedSemaphore(2)


def get_thumbnail(archive: Path, digest: str, load: Callable[[], bytes], is_archived: Callable[[], bool]) -> bytes:
    """Return the kept thumbnail of a payload, or make it of what `load` returns; empty if it cannot be read.

    `is_archived` is asked after it was written: a takedown may have deleted the others since `load`.
    """
    name = sha256(digest.encode()).hexdigest()
    path = archive / FOLDER / name[:2] / f"{name}.jpg"
    with suppress(OSError):
        return path.read_bytes()
    with _DECODERS:
        body = load()
        made = shrink(body)
    # Nothing is kept of what is not archived whole, which an import may add.
    with suppress(OSError, StorageError):
        if body:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, made)
            if not is_archived():
                path.unlink()
    return made


def shrink(body: bytes) -> bytes:
    """Return a picture as a small JPEG; empty if it cannot be read whole, or is too large."""
    from PIL import Image

    small = io.BytesIO()
    try:
        with Image.open(io.BytesIO(body), formats=_FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                return b""
            picture.draft("RGB", SIZE)  # JPEG is decoded at a fraction of its size
            picture.thumbnail(SIZE)
            opaque = Image.new("RGB", picture.size, "white")
            shown = picture.convert("RGBA")
            opaque.paste(shown, mask=shown)
            opaque.save(small, "JPEG", quality=78)
    except Exception:  # noqa: BLE001 - decoders raise errors of any kind for hostile files
        return b""
    return small.getvalue()


def delete_old_thumbnails(archive: Path) -> None:
    """Delete thumbnails that were made long ago; they are made again when somebody looks."""
    for path in (archive / FOLDER).glob("*/*"):
        with suppress(OSError):
            if path.stat().st_mtime < time.time() - KEPT_FOR:
                path.unlink()
