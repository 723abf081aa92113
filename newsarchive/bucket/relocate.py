"""Where each WARC file lies, and the whole archive moved between folder and bucket."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from newsarchive.bucket.upload import Tell, untold, waiting
from storage.errors import BytesDiffer, ConfigError
from storage.places import Bucket, Places, WarcFile
from storage.places.other_machines import machine_of
from storage.places.transfer import Carrier


class Where(StrEnum):
    """Where a file lies."""

    OPEN = "open"
    """In the folder, being written."""
    FOLDER = "folder"
    """In the folder alone."""
    BOTH = "both"
    """In folder and bucket."""
    BUCKET = "bucket"
    """In the bucket alone."""
    ELSEWHERE = "elsewhere"
    """In the folder of another machine, being written or not uploaded yet."""
    MISSING = "missing"
    """Nowhere, though the index knows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lying:
    """One file."""

    name: str
    size: int
    """Bytes; 0 of one that is missing and was not closed."""
    where: Where
    waits: bool = False
    """True where it is to be uploaded."""
    problem: str = ""
    """What is wrong with it; "" where nothing is seen to be."""


def survey(places: Places, known: Mapping[str, int], now: datetime) -> Iterator[Lying]:
    """Yield each file of the archive, by name; `known` has the size of those that the index knows, 0 where it grows.

    BucketUnreachable or BucketRefused where the bucket cannot be asked.
    """
    files = {file.name: file for file in places.files()}
    unsent = {file.name for file in waiting(places)}
    for name in sorted(files.keys() | known.keys()):
        file = files.get(name)
        if file is None and places.bucket and machine_of(name, now):
            yield Lying(name=name, size=known[name], where=Where.ELSEWHERE)
            continue
        if file is None:
            problem = "the index knows it, and it is nowhere; see: newsarchive verify"
            yield Lying(name=name, size=known[name], where=Where.MISSING, problem=problem)
            continue
        sizes = {file.size, file.size if file.stored is None else file.stored, known.get(name) or file.size}
        problem = (
            f"sizes differ ({', '.join(map(str, sorted(sizes)))}); see: newsarchive verify" if len(sizes) > 1 else ""
        )
        is_open = file.is_open
        yield Lying(
            name=name, size=file.size, where=_where(file), waits=name in unsent, problem="" if is_open else problem
        )


def _where(file: WarcFile) -> Where:
    if file.is_open:
        return Where.OPEN
    if file.is_local:
        return Where.BOTH if file.is_remote else Where.FOLDER
    return Where.BUCKET


@dataclass(slots=True, kw_only=True)
class Moved:
    """What a move did. What it did not do is done when it is started again."""

    carried: list[str] = field(default_factory=list)
    """Files that were not at the place they should be at, and are there now."""
    removed: list[str] = field(default_factory=list)
    """Files that are not at the other place any more."""
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """All closed files of an archive brought to one of its places, each compared before it goes at the other."""

    places: Places
    digests: Mapping[str, str]
    """sha256 of those that the index knows, by name."""
    remove: bool
    """Take them away at the other place, once they are whole at this one."""
    tell: Tell = untold

    def to_bucket(self) -> Moved:
        """Upload all. BucketUnreachable and the like end it; started again it goes on."""
        carrier = self._carrier()
        noted = carrier.noted()
        files = [file for file in self.places.files() if file.is_local and not file.is_open]
        unsent = {file.name for file in waiting(self.places)}

        def step(file: WarcFile, moved: Moved) -> None:
            is_there = file.is_remote and file.name not in unsent
            if not is_there and carrier.upload(file.name, self.digests.get(file.name)):
                moved.carried.append(file.name)
            # What is noted since has to be looked up; what was before need not be, for each of many.
            if self.remove and carrier.free(file.name, noted.get(file.name) if is_there else None):
                moved.removed.append(file.name)

        return self._each(files, step)

    def to_folder(self) -> Moved:
        """Fetch all that the folder does not have. BucketUnreachable, DiskFull and the like end it, as above."""
        carrier = self._carrier()
        noted = carrier.noted()
        known = {**{name: each.sha256 for name, each in noted.items()}, **self.digests}

        def step(file: WarcFile, moved: Moved) -> None:
            if not file.is_local and carrier.fetch(file.name, known.get(file.name)):
                moved.carried.append(file.name)
            if self.remove and carrier.remove(file.name):
                moved.removed.append(file.name)

        return self._each([file for file in self.places.files() if file.is_remote], step)

    def _each(self, files: list[WarcFile], step: Callable[[WarcFile, Moved], None]) -> Moved:
        moved = Moved()
        total, done = sum(file.size for file in files), 0
        for file in files:
            self.tell(done, total, file.name)
            try:
                step(file, moved)
            except BytesDiffer as problem:
                moved.problems.append(str(problem))
            except OSError as problem:
                moved.problems.append(
                    f"{file.name} cannot be read ({problem.strerror}); it stays where it is. "
                    "To see what is wrong with it: newsarchive verify"
                )
            done += file.size
        self.tell(total, total, "")
        return moved

    def _carrier(self) -> Carrier:
        return Carrier(self.places.folder, bucket_of(self.places))


def bucket_of(places: Places) -> Bucket:
    """The bucket of an archive; ConfigError where it has none."""
    if places.bucket is None:
        raise ConfigError(
            "the archive has no bucket: all its WARC files lie in its folder; nothing was done. To have one, write "
            'bucket = "s3://NAME/PREFIX" into newsarchive.toml (docs/places.md)'
        )
    return places.bucket
