"""Locate the WARC files of an archive, and relocate all of them to the folder or to the bucket."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from newsarchive.bucket.upload import files_to_upload
from storage.callbacks import ProgressCallback, ignore_progress
from storage.errors import BytesDiffer, ConfigError
from storage.places import Bucket, Places, WarcFile
from storage.places.file_names import uploading_machine
from storage.places.transfer import BucketTransfer


class FileLocation(StrEnum):
    """The location of a WARC file."""

    OPEN = "open"
    """In the folder, being written."""
    FOLDER = "folder"
    """In the folder only."""
    BOTH = "both"
    """In folder and bucket."""
    BUCKET = "bucket"
    """In the bucket only."""
    ELSEWHERE = "elsewhere"
    """In the folder of another machine, open or not uploaded yet."""
    MISSING = "missing"
    """In the index, but nowhere else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocatedFile:
    """A WARC file, its location and state."""

    name: str
    size: int
    """Bytes; 0 if it is missing and was never closed."""
    where: FileLocation
    waits: bool = False
    """True if it waits to be uploaded."""
    problem: str = ""
    """Description of its problem; "" if none was found."""


def locate_files(places: Places, known: Mapping[str, int], now: datetime) -> Iterator[LocatedFile]:
    """Yield the files of the archive by name; `known` has sizes of files in the index, 0 for open ones.

    BucketUnreachable or BucketRefused if the bucket cannot be listed.
    """
    files = {file.name: file for file in places.files()}
    to_upload = {file.name for file in files_to_upload(places)}
    for name in sorted(files.keys() | known.keys()):
        file = files.get(name)
        if file is None and places.bucket and uploading_machine(name, now, places.machine):
            yield LocatedFile(name=name, size=known[name], where=FileLocation.ELSEWHERE)
            continue
        if file is None:
            problem = "it is in the index, but neither in the folder nor in the bucket. For details: newsarchive verify"
            yield LocatedFile(name=name, size=known[name], where=FileLocation.MISSING, problem=problem)
            continue
        sizes = {file.size, file.size if file.bucket_size is None else file.bucket_size, known.get(name) or file.size}
        problem = (
            f"sizes differ ({', '.join(map(str, sorted(sizes)))}). For details: newsarchive verify"
            if len(sizes) > 1
            else ""
        )
        is_open = file.is_open
        yield LocatedFile(
            name=name,
            size=file.size,
            where=_location(file),
            waits=name in to_upload,
            problem="" if is_open else problem,
        )


def _location(file: WarcFile) -> FileLocation:
    if file.is_open:
        return FileLocation.OPEN
    if file.is_local:
        return FileLocation.BOTH if file.is_remote else FileLocation.FOLDER
    return FileLocation.BUCKET


@dataclass(slots=True, kw_only=True)
class RelocationResult:
    """Files that were relocated. Running the command again relocates the others."""

    carried: list[str] = field(default_factory=list)
    """Files that were copied to the target."""
    removed: list[str] = field(default_factory=list)
    """Files that were deleted from the other place."""
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relocation:
    """Relocation of all closed files to the folder or bucket. Copies are compared before originals are deleted."""

    places: Places
    digests: Mapping[str, str]
    """sha256 of closed files from the index, by name."""
    remove: bool
    """Delete each file at the other place when its copy is verified."""
    progress: ProgressCallback = ignore_progress

    def to_bucket(self) -> RelocationResult:
        """Upload all files. An unreachable bucket ends it; the next start resumes."""
        transfer = self._open_transfer()
        logged = transfer.uploaded_files()
        files = [file for file in self.places.files() if file.is_local and not file.is_open]
        to_upload = {file.name for file in files_to_upload(self.places)}

        def step(file: WarcFile, moved: RelocationResult) -> None:
            is_uploaded = file.is_remote and file.name not in to_upload
            if not is_uploaded and transfer.upload(file.name, self.digests.get(file.name)):
                moved.carried.append(file.name)
            # The log as read above spares reading it again for every file; only a new upload is looked up.
            if self.remove and transfer.remove_local(file.name, logged.get(file.name) if is_uploaded else None):
                moved.removed.append(file.name)

        return self._relocate(files, step)

    def to_folder(self) -> RelocationResult:
        """Download files that the folder lacks. An unreachable bucket or full disk ends it; the next start resumes."""
        transfer = self._open_transfer()
        logged = transfer.uploaded_files()
        known = {**{name: each.sha256 for name, each in logged.items()}, **self.digests}

        def step(file: WarcFile, moved: RelocationResult) -> None:
            if not file.is_local and transfer.download(file.name, known.get(file.name)):
                moved.carried.append(file.name)
            if self.remove and transfer.remove_remote(file.name):
                moved.removed.append(file.name)

        return self._relocate([file for file in self.places.files() if file.is_remote], step)

    def _relocate(self, files: list[WarcFile], step: Callable[[WarcFile, RelocationResult], None]) -> RelocationResult:
        moved = RelocationResult()
        total, done = sum(file.size for file in files), 0
        for file in files:
            self.progress(done, total, file.name)
            try:
                step(file, moved)
            except BytesDiffer as problem:
                moved.problems.append(str(problem))
            except OSError as problem:
                moved.problems.append(
                    f"{file.name} cannot be read ({problem.strerror}); it stays where it is. "
                    "To check it: newsarchive verify"
                )
            done += file.size
        self.progress(total, total, "")
        return moved

    def _open_transfer(self) -> BucketTransfer:
        return BucketTransfer(self.places.folder, require_bucket(self.places))


def require_bucket(places: Places) -> Bucket:
    """Return the bucket of an archive; ConfigError if it has none."""
    if places.bucket is None:
        raise ConfigError(
            "the archive has no bucket: its WARC files are in its folder; nothing was done. To use one, write "
            'bucket = "s3://NAME/PREFIX" into newsarchive.toml (newsarchive help bucket)'
        )
    return places.bucket
