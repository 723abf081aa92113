"""A bucket: S3-compatible, by obstore (extra `s3`), or in one house a folder that all machines mount.

    s3://NAME/PREFIX      credentials come as obstore finds them: environment, machine role; or from the profile
    file:///MOUNTED       the same rules, no server

Objects are WARC files that were closed: they are put once, never over another one, and never change.
"""

import math
import mmap
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from storage.errors import BucketRefused, BucketUnreachable, ConfigError, NotInBucket
from storage.places.credentials import shared_credentials
from storage.places.folder import sync_folder
from storage.places.ranges import ranged
from storage.places.readable import ENDINGS

if TYPE_CHECKING:
    from obstore.store import ObjectStore

SLOWEST = 250_000
"""Bytes a second below which what carries many is given up."""
_SMALL = 1 << 17
LARGEST = 5_000_000_000
"""Bytes that S3 takes in one piece."""
SILENCE = 30.0
"""Seconds for which a bucket that did not answer is not asked for bytes again."""
_PART = 1 << 26
_METADATA = "169.254.169.254"
"""Where a machine in Amazon's cloud asks for its role: the last that is asked for keys."""
_FOLDER = "file://"
_PAGE = 1000
_PAUSE = timedelta(milliseconds=200)
_LONGEST_PAUSE = timedelta(seconds=1)
_silent: dict["Bucket", float] = {}
"""Buckets that did not answer, by the moment of this process's clock until which they are left alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An object in the bucket."""

    name: str
    size: int
    changed: datetime
    """Aware: when it was put."""
    tag: str | None
    """The server's own mark of these bytes (ETag), where it has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Where to find a bucket, and how long to wait for it. Plain settings: any process can be handed it."""

    url: str
    """s3://NAME or s3://NAME/PREFIX; also file:///FOLDER, which must be there."""
    endpoint: str = ""
    """Address of the server, such as https://s3.house.example; "" as the environment says, or Amazon's."""
    region: str = ""
    """ "" as the environment says."""
    timeout: float = 5.0
    """Seconds for one request; an upload has more, by its size."""
    retries: int = 2

    def files(self) -> Iterator[Stored]:
        """Yield what WARC files it holds, in whatever order."""
        obstore, store = self._opened()
        with self._told():
            for page in obstore.list(store, chunk_size=_PAGE):
                for each in page:
                    name = str(each["path"])
                    if "/" not in name and name.endswith(ENDINGS):
                        yield _stored(name, each)

    def look(self, name: str) -> Stored:
        """What it knows of one file; NotInBucket where it has none of that name."""
        obstore, store = self._opened()
        with self._told(name):
            return _stored(name, obstore.head(store, name))

    def has(self, name: str) -> bool:
        """Tell whether it has a file of that name."""
        with suppress(NotInBucket):
            return bool(self.look(name).name)
        return False

    def put(self, name: str, path: Path) -> None:
        """Put a file in, unless there is one of that name; of two that try at once the first one's stays.

        The caller compares what is there afterwards: that is the proof, not that this returned.
        """
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            obstore, store = self._opened(self._patience(size))
            with self._told(name), suppress(obstore.exceptions.AlreadyExistsError):
                if size > LARGEST:
                    # In parts, which cannot be put on that condition: the caller has asked whether it is there.
                    obstore.put(store, name, path, chunk_size=_PART, max_concurrency=2)
                else:
                    # Sent from the file's pages, never held as a copy; an empty file has none.
                    whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
                    obstore.put(store, name, whole, mode="create", use_multipart=False)

    def sync(self, name: str) -> None:
        """Bring a file to the disk where the bucket is a folder; a server has done so before it answers.

        BucketUnreachable where that disk does not do it.
        """
        if not self.url.startswith(_FOLDER):
            return
        folder = Path(self.url.removeprefix(_FOLDER))
        try:
            with (folder / name).open("rb") as file:
                os.fsync(file.fileno())
            sync_folder(folder)
        except OSError as problem:
            raise BucketUnreachable(self.url, problem.strerror or str(problem)) from problem

    def lies_in(self, folder: Path) -> bool:
        """Tell whether it is that folder itself, by whatever path."""
        own = Path(self.url.removeprefix(_FOLDER))
        with suppress(OSError):
            return self.url.startswith(_FOLDER) and own.samefile(folder)
        return False

    def delete(self, name: str) -> None:
        """Take a file out."""
        obstore, store = self._opened()
        with self._told(name):
            obstore.delete(store, name)

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading by ranges; NotInBucket where it has none of that name."""
        return ranged(self, name)

    def read(self, name: str, begin: int, end: int) -> tuple[bytes, int]:
        """Return the bytes of a range, fewer at the end, and the size of the whole.

        Where it did not answer a moment ago it is not waited for again.
        """
        if time.monotonic() < _silent.get(self, 0.0):
            raise BucketUnreachable(self.url, "as a moment ago")
        obstore, store = self._opened(self._patience(end - begin) if end - begin > _SMALL else self.timeout)
        with self._told(name), self._noticed():
            try:
                got = obstore.get(store, name, options={"range": (begin, end)})
                return bytes(got.bytes()), int(got.meta["size"])
            except obstore.exceptions.GenericError:
                # A range that begins behind the end is refused, by each server in words of its own.
                size = int(obstore.head(store, name)["size"])
                if begin < size:
                    raise
                return b"", size

    def _patience(self, size: int) -> float:
        """Seconds for a request that carries so many bytes: of few kinds, since each is a client of its own."""
        return float(self.timeout + 2 ** math.ceil(math.log2(size / SLOWEST + 1)))

    @contextmanager
    def _noticed(self) -> Iterator[None]:
        """Remember for a while that nothing was to be had: who asks for many records is not to wait for each."""
        try:
            yield
        except _module().exceptions.GenericError:
            _silent[self] = time.monotonic() + SILENCE
            raise
        _silent.pop(self, None)

    def _opened(self, seconds: float = 0.0) -> "tuple[Any, ObjectStore]":
        # A disk that is not mounted: what opened it before would call it empty.
        if self.url.startswith(_FOLDER) and not Path(self.url.removeprefix(_FOLDER)).is_dir():
            raise self.refused("there is no such folder")
        return _module(), _store(self, seconds or self.timeout)

    @contextmanager
    def _told(self, name: str = "") -> Iterator[None]:
        """Say what it means for the archive that the bucket does not do what it was asked."""
        wrong = _module().exceptions
        try:
            yield
        except FileNotFoundError as problem:
            if not name or "NoSuchBucket" in str(problem):
                raise self.refused("there is no such bucket") from problem
            next(self.files(), None)  # what has no body does not say which of the two is missing
            raise NotInBucket(name, self.url) from problem
        except (wrong.PermissionDeniedError, wrong.UnauthenticatedError) as problem:
            raise self.refused(f"the keys that were found do not open it{_code(problem)}") from problem
        except wrong.BaseError as problem:
            said = str(problem).partition("\n")[0]
            if "NoSuchBucket" in said:
                raise self.refused("there is no such bucket") from problem
            if _METADATA in said:
                raise self.refused("no keys were found, and this machine has no role that opens it") from problem
            if "403 Forbidden" in said or "401 Unauthorized" in said:
                raise self.refused(f"the keys that were found do not open it{_code(problem)}") from problem
            raise BucketUnreachable(self.url, said.rpartition(" - ")[2]) from problem

    def refused(self, why: str) -> BucketRefused:
        """The error that the bucket is there, or its server, and does not let us in."""
        return BucketRefused(self.url, why)


def _code(problem: Exception) -> str:
    """What an S3 server calls its refusal, for the owner."""
    found = re.search(r"<Code>(\w+)</Code>", str(problem))
    return f" ({found[1]})" if found else ""


def _stored(name: str, meta: Any) -> Stored:
    return Stored(name=name, size=int(meta["size"]), changed=meta["last_modified"], tag=meta.get("e_tag"))


def _module() -> Any:
    try:
        import obstore
        import obstore.exceptions
    except ImportError as problem:
        raise ConfigError(
            "obstore, which reads and fills a bucket, is not installed; nothing was done. "
            "Install it with: pip install 'newsarchive[s3]'"
        ) from problem
    return obstore


@lru_cache(maxsize=64)
def _store(bucket: Bucket, seconds: float) -> "ObjectStore":
    _module()
    from obstore.store import S3Store, from_url

    if bucket.url.startswith(_FOLDER):
        return from_url(bucket.url)
    known: dict[str, Any] = {**shared_credentials()}
    if bucket.region:
        known["region"] = bucket.region
    if bucket.endpoint:
        known["endpoint"] = bucket.endpoint
    name, _, prefix = bucket.url.removeprefix("s3://").partition("/")
    wait = timedelta(seconds=seconds)
    return S3Store(
        name,
        prefix=prefix.strip("/") or None,
        client_options={
            "allow_http": bucket.endpoint.startswith("http://"),
            "connect_timeout": timedelta(seconds=bucket.timeout),
            "timeout": wait,
        },
        retry_config={
            "max_retries": bucket.retries,
            "retry_timeout": wait * (bucket.retries + 1),
            "backoff": {"init_backoff": _PAUSE, "max_backoff": _LONGEST_PAUSE, "base": 2},
        },
        **known,
    )
