"""A remote file that is read by ranges, with a cache and read-ahead.

one record            a request of 64 kB, cached: web pages read the same records repeatedly
sequential reading    requests that double up to 4 MB; these are not cached
"""

import configparser
import io
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
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.request import Request, urlopen

from storage.errors import BucketRefused, BucketUnreachable, ConfigError, NotInBucket
from storage.extras import install_command
from storage.places.file_names import ENDINGS
from storage.places.folder import sync_folder

if TYPE_CHECKING:
    from obstore.store import ObjectStore

FIRST_RANGE = 1 << 16
MAX_READ_AHEAD = 1 << 22
CACHE_SIZE = 1 << 25
"""Bytes that a process caches."""


@lru_cache(maxsize=CACHE_SIZE // FIRST_RANGE)
def _read_first_range(bucket: "Bucket", name: str, begin: int, minute: float) -> tuple[bytes, int]:
    del minute  # the files change by takedowns alone, maybe by another process
    return bucket.read(name, begin, begin + FIRST_RANGE)


class _RangedFile(io.RawIOBase):
    """One file, its ranges fetched as they are read."""

    def __init__(self, bucket: "Bucket", name: str) -> None:
        self._bucket = bucket
        self._at = 0
        self._begin = 0
        self._step = FIRST_RANGE
        self.name = name
        self._window, self._size = _read_first_range(bucket, name, 0, time.monotonic() // 60)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise OSError(f"{self.name} has no byte {base + offset}")
        self._at = base + offset
        return self._at

    def readinto(self, into: "bytearray | memoryview") -> int:  # type: ignore[override]  # what BufferedReader gives
        if self._at >= self._size:
            return 0
        behind = self._begin + len(self._window)
        if not self._begin <= self._at < behind:
            if self._at == behind:
                self._step = min(self._step * 2, MAX_READ_AHEAD)
                self._window, self._size = self._bucket.read(self.name, self._at, self._at + self._step)
            else:
                self._step = FIRST_RANGE
                self._window, self._size = _read_first_range(self._bucket, self.name, self._at, time.monotonic() // 60)
            self._begin = self._at
        start = self._at - self._begin
        count = min(len(into), len(self._window) - start)
        into[:count] = self._window[start : start + count]
        self._at += count
        return count


MIN_BYTES_PER_SECOND = 250_000
"""Slowest rate at which a large request is not given up."""
_SMALL = 1 << 17
MAX_SINGLE_PUT = 5_000_000_000
"""Bytes that S3 takes in one request."""
FAILURE_MEMORY = 30.0
"""Seconds for which a bucket that did not respond is not asked again."""
_PART = 1 << 26
_METADATA = "169.254.169.254"
"""Metadata service of Amazon's cloud: the last source of credentials."""
_DENIED = re.compile("403 Forbidden|401 Unauthorized")
_FOLDER = "file://"
_VERSION_FIELDS = ("version-id", "object-lock-retain-until-date", "object-lock-legal-hold")
_BACKOFF = timedelta(milliseconds=200)
_MAX_BACKOFF = timedelta(seconds=1)
_failed_until: dict["Bucket", float] = {}
"""Buckets that did not respond, with the time (monotonic) until which they are not asked."""
_ENVIRONMENT_CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
_PROFILE_KEYS = ("access_key_id", "secret_access_key", "session_token")
"""Names of credentials; in the file they begin with "aws_"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketObject:
    """An object in the bucket."""

    name: str
    size: int
    modified_at: datetime
    """Aware: time of its upload."""
    etag: str | None
    """None if the server gives none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Address and time limits of a bucket, whose objects are put once and never change. Plain settings."""

    url: str
    """s3://NAME, s3://NAME/PREFIX or file:///FOLDER, which must exist."""
    endpoint: str = ""
    """URL of the server, such as https://s3.house.example; "" for that of the environment, or Amazon's."""
    region: str = ""
    """ "" for that of the environment."""
    timeout: float = 5.0
    """Seconds for one request; large requests get more by their size."""
    retries: int = 2

    def list_files(self) -> Iterator[BucketObject]:
        """Yield its WARC files, in any order."""
        with self._connect() as (obstore, store):
            for page in obstore.list(store, chunk_size=1000):
                for each in page:
                    name = str(each["path"])
                    if "/" not in name and name.endswith(ENDINGS):
                        yield _to_object(name, each)

    def list_names(self, folder: str) -> list[str]:
        """Return the names of the objects in a folder of the bucket, sorted."""
        with self._connect() as (obstore, store):
            return sorted(str(each["path"]) for page in obstore.list(store, folder) for each in page)

    def stat(self, name: str) -> BucketObject:
        """Return the metadata of a file; NotInBucket if there is none of that name."""
        with self._connect(name) as (obstore, store):
            return _to_object(name, obstore.head(store, name))

    def exists(self, name: str) -> bool:
        """Return whether it has a file of that name."""
        with suppress(NotInBucket):
            return bool(self.stat(name).name)
        return False

    def put(self, name: str, path: Path) -> None:
        """Upload a file unless there is one of that name; if two upload at once, the first one's stays.

        The caller then compares the object with the file: the return of this method proves nothing.
        """
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            connected = self._connect(name, self._request_timeout(size))
            with connected as (obstore, store), suppress(obstore.exceptions.AlreadyExistsError):
                if size > MAX_SINGLE_PUT:
                    # A multipart upload cannot be conditional: the caller has checked that there is none.
                    obstore.put(store, name, path, chunk_size=_PART, max_concurrency=2)
                else:
                    # mmap avoids a copy in memory; an empty file cannot be mapped.
                    whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
                    obstore.put(store, name, whole, mode="create", use_multipart=False)

    def put_small(self, name: str, data: bytes) -> None:
        """Create an object of these bytes unless there is one of that name."""
        with self._connect(name) as (obstore, store), suppress(obstore.exceptions.AlreadyExistsError):
            obstore.put(store, name, data, mode="create", use_multipart=False)

    def sync(self, name: str) -> None:
        """Flush a file to disk if the bucket is a folder, as a server does by itself. BucketUnreachable if it fails."""
        if not self.url.startswith(_FOLDER):
            return
        folder = Path(self.url.removeprefix(_FOLDER))
        try:
            with (folder / name).open("rb") as file:
                os.fsync(file.fileno())
            sync_folder(folder)
        except OSError as problem:
            raise BucketUnreachable(bucket=self.url, reason=problem.strerror or str(problem)) from problem

    def is_folder(self, folder: Path) -> bool:
        """Return whether it is that folder itself, by any path."""
        own = Path(self.url.removeprefix(_FOLDER))
        with suppress(OSError):
            return self.url.startswith(_FOLDER) and own.samefile(folder)
        return False

    def delete(self, name: str) -> None:
        """Delete a file, also from the cache of this process; others forget it within a minute."""
        _read_first_range.cache_clear()
        with self._connect(name) as (obstore, store):
            obstore.delete(store, name)

    def find_version(self, name: str, *, is_new: bool = False) -> str:
        """Return what the bucket keeps of an object that is deleted, or replaced by this new one; "" if nothing."""
        if self.url.startswith(_FOLDER):
            return ""
        with self._connect(name) as (obstore, store):
            address = obstore.sign(store, "HEAD", name, timedelta(minutes=1))
        try:
            with urlopen(Request(address, method="HEAD"), timeout=self.timeout) as answer:  # noqa: S310 - the bucket's own
                version, lock, hold = (answer.headers.get(f"x-amz-{field}", "") for field in _VERSION_FIELDS)
        except (OSError, HTTPException) as problem:
            raise BucketUnreachable(bucket=self.url, reason=str(problem)) from problem
        # "null" is an object from before the bucket kept versions, or of one that keeps none any more.
        if version in {"", "null"}:
            return ""
        until = f"before {lock[:16].replace('T', ' ')} UTC" if lock else "while its legal hold lasts"
        advice = f"its lock lets nobody delete it {until}" if lock or hold == "ON" else "delete them there"
        return f"the bucket keeps {'versions before' if is_new else 'earlier versions and'} {version}: {advice}"

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading by ranges, of which the first is fetched at once; NotInBucket if there is none."""
        return io.BufferedReader(_RangedFile(self, name), FIRST_RANGE)

    def read(self, name: str, begin: int, end: int) -> tuple[bytes, int]:
        """Return the bytes of a range, fewer at the end, and the size of the file.

        BucketUnreachable at once if the bucket did not respond within the last FAILURE_MEMORY seconds.
        """
        if time.monotonic() < _failed_until.get(self, 0.0):
            raise BucketUnreachable(bucket=self.url, reason="no response a moment ago")
        seconds = self._request_timeout(end - begin) if end - begin > _SMALL else self.timeout
        with self._connect(name, seconds) as (obstore, store), self._remember_failure(obstore):
            try:
                got = obstore.get(store, name, options={"range": (begin, end)})
                return bytes(got.bytes()), int(got.meta["size"])
            except obstore.exceptions.GenericError:
                # A range beyond the end is an error, worded differently by each server.
                size = int(obstore.head(store, name)["size"])
                if begin < size:
                    raise
                return b"", size

    def _request_timeout(self, size: int) -> float:
        """Return the time limit of a request of that size, rounded to powers of 2: each limit needs its own client."""
        return float(self.timeout + 2 ** math.ceil(math.log2(size / MIN_BYTES_PER_SECOND + 1)))

    @contextmanager
    def _remember_failure(self, obstore: Any) -> Iterator[None]:
        """Remember that the bucket did not respond, so that a reader of many records does not wait for each."""
        try:
            yield
        except obstore.exceptions.GenericError:
            _failed_until[self] = time.monotonic() + FAILURE_MEMORY
            raise
        _failed_until.pop(self, None)

    @contextmanager
    def _connect(self, name: str = "", seconds: float = 0.0) -> "Iterator[tuple[Any, ObjectStore]]":
        """Yield obstore and its store, and raise our errors in place of those of obstore."""
        # A disk that is not mounted would otherwise look like an empty bucket.
        if self.url.startswith(_FOLDER) and not Path(self.url.removeprefix(_FOLDER)).is_dir():
            raise BucketRefused(bucket=self.url, reason="there is no such folder")
        try:
            import obstore
            from obstore import exceptions as wrong
        except ImportError as problem:
            raise ConfigError.create("obstore-missing", command=install_command("s3")) from problem
        store = _store(self, seconds or self.timeout)
        try:
            yield obstore, store
        except FileNotFoundError as problem:
            if not name or "NoSuchBucket" in str(problem):
                raise BucketRefused(bucket=self.url, reason="there is no such bucket") from problem
            next(self.list_files(), None)  # the response to HEAD does not say which of the two is missing
            raise NotInBucket(name=name, place=self.url) from problem
        except wrong.BaseError as problem:
            message, reason = str(problem).partition("\n")[0], ""
            is_denied = isinstance(problem, wrong.PermissionDeniedError | wrong.UnauthenticatedError)
            if _METADATA in message and not is_denied:
                reason = "no credentials were found, and this machine has no role for it"
            elif is_denied or _DENIED.search(message):
                found = re.search(r"<Code>(\w+)</Code>", str(problem))
                reason = f"access is denied with the credentials found{f' ({found[1]})' if found else ''}"
            elif "NoSuchBucket" in message:
                reason = "there is no such bucket"
            if reason:
                raise BucketRefused(bucket=self.url, reason=reason) from problem
            raise BucketUnreachable(bucket=self.url, reason=message.rpartition(" - ")[2]) from problem


def _to_object(name: str, meta: Any) -> BucketObject:
    return BucketObject(name=name, size=int(meta["size"]), modified_at=meta["last_modified"], etag=meta.get("e_tag"))


def load_profile_credentials() -> dict[str, str]:
    """Return the credentials of ~/.aws/credentials (AWS_PROFILE, else `default`) by obstore's names; {} without any.

    obstore does not read that file. It reads the environment, which goes first, and the machine's role, which is last.
    """
    if any(os.environ.get(name) for name in _ENVIRONMENT_CREDENTIALS):
        return {}
    file = Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials").expanduser()
    profiles = configparser.RawConfigParser()
    try:
        profiles.read(file, "utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError):
        return {}
    profile = os.environ.get("AWS_PROFILE") or "default"
    values = profiles[profile] if profiles.has_section(profile) else {}
    return {name: values[f"aws_{name}"] for name in _PROFILE_KEYS if f"aws_{name}" in values}


@lru_cache(maxsize=64)
def _store(bucket: Bucket, seconds: float) -> "ObjectStore":
    from obstore.store import LocalStore, S3Store

    if bucket.url.startswith(_FOLDER):
        # As a path: a URL would be unescaped, and a folder may be named `50%20off`.
        return LocalStore(bucket.url.removeprefix(_FOLDER))
    given = {"region": bucket.region, "endpoint": bucket.endpoint}
    options: dict[str, Any] = load_profile_credentials() | {name: value for name, value in given.items() if value}
    name, _, prefix = bucket.url.removeprefix("s3://").partition("/")
    limit = timedelta(seconds=seconds)
    return S3Store(
        name,
        prefix=prefix.strip("/") or None,
        client_options={
            "allow_http": bucket.endpoint.startswith("http://"),
            "connect_timeout": timedelta(seconds=bucket.timeout),
            "timeout": limit,
        },
        retry_config={
            "max_retries": bucket.retries,
            "retry_timeout": limit * (bucket.retries + 1),
            "backoff": {"init_backoff": _BACKOFF, "max_backoff": _MAX_BACKOFF, "base": 2},
        },
        **options,
    )
