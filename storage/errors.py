"""Everything that can go wrong on purpose, as one tree.

    ArchiveError                      exit code
    |-- ConfigError                   2    newsarchive.toml or a command's words are wrong
    |-- NoArchive                     3    there is no archive in that folder
    |-- ArchiveBusy                   75   somebody else holds the lock (sysexits EX_TEMPFAIL)
    |-- StorageError                  74   a disk or bucket does not take or give bytes (EX_IOERR)
    |   |-- DiskFull                  74
    |   |-- FileMissing               74   a WARC file that the index names is not where it should be
    |   |   |-- NotInBucket           74   neither in the folder nor in the bucket, which was asked
    |   |-- BucketUnreachable         74   the bucket does not answer: nobody knows what it holds
    |   |-- BucketRefused             74   the bucket is not there, or does not let us in
    |   |-- BytesDiffer               74   two files of one name, in folder and bucket, that are not the same
    |-- IndexFailure                  70   the SQL index cannot be used
    |   |-- IndexTooNew               70   a later newsarchive wrote it
    |   |-- IndexLost                 70   its file is gone while the WARC files are there
    |   |-- QueryTooLong              70   a question takes longer than is allowed
    |-- WarcError                     65   bytes in a WARC file are not what they should be (EX_DATAERR)
    |   |-- TornRecord                65
    |   |-- BadRecord                 65
    |-- PayloadError                  65   a content or transfer coding cannot be undone
    |   |-- PayloadTooLarge           65   undone, it is larger than what is read
    |-- DaskFailure                   69   the Dask cluster that was named cannot be had, or cannot do its part
    |-- ReplayFailure                 69   pywb, which replays pages, is not installed or does not run (EX_UNAVAILABLE)
    |-- CannotListen                  69   the browser's address or port cannot be had (EX_UNAVAILABLE)
    |-- NotFound                      4    no such article, capture or site in the archive

Each error carries facts as attributes, and its text says what happened, what that means for the archive, and the next
command. Exit codes above 63 are those of sysexits.h.
"""

from datetime import datetime


class ArchiveError(Exception):
    """Root of the tree; `exit_code` is what the command line ends with."""

    exit_code = 1


class ConfigError(ArchiveError):
    """newsarchive.toml, or what was given on the command line, is wrong."""

    exit_code = 2


class NoArchive(ArchiveError):
    """The folder holds no newsarchive.toml."""

    exit_code = 3

    def __init__(self, folder: str) -> None:
        super().__init__(
            f"there is no archive in {folder} (no newsarchive.toml); nothing was changed. "
            f"Make one with: newsarchive init {folder}"
        )
        self.folder = folder


class ReplayFailure(ArchiveError):
    """pywb is not installed, or does not run."""

    exit_code = 69


class DaskFailure(ArchiveError):
    """The Dask cluster that was to read files does not answer, or its workers lack what they need."""

    exit_code = 69


class CannotListen(ArchiveError):
    """The address or port that the archive's browser is to listen at cannot be had."""

    exit_code = 69


class NotFound(ArchiveError):
    """The archive holds no such thing."""

    exit_code = 4


class ArchiveBusy(ArchiveError):
    """Another process holds the lock of this site or archive."""

    exit_code = 75

    def __init__(self, said: str, since: datetime | None = None) -> None:
        super().__init__(said)
        self.since = since
        """When the other one began; None where that is not known."""


class StorageError(ArchiveError):
    """A disk or bucket refuses bytes. What was committed before stays whole."""

    exit_code = 74


class DiskFull(StorageError):
    """No space is left where the WARC files or the index lie."""


class FileMissing(StorageError):
    """A WARC file that the index names is not in the folder, and there is no bucket."""

    def __init__(self, name: str, folder: str) -> None:
        super().__init__(
            f"{name} is not in {folder}; nothing was changed, and what it held cannot be shown. Put it back from a "
            "copy. To see what the archive lacks: newsarchive verify"
        )
        self.name = name
        self.folder = folder


class NotInBucket(FileMissing):
    """A WARC file that the index names is neither in the folder nor in the bucket."""

    def __init__(self, name: str, bucket: str) -> None:
        StorageError.__init__(
            self,
            f"{name} is neither in the folder nor in {bucket}; nothing was changed, and what it held cannot be shown. "
            "It may lie in the folder of another machine, and come with that one's next crawl; else put it back from a "
            "copy. To see where every file is: newsarchive places",
        )
        self.name = name
        self.bucket = bucket


class BucketUnreachable(StorageError):
    """The bucket of the WARC files does not answer; what it holds is not known."""

    def __init__(self, bucket: str, said: str) -> None:
        super().__init__(
            f"{bucket} does not answer ({said}); nothing was lost, and nothing was changed. What lies there alone "
            "cannot be read until it does. To try again: newsarchive places --check"
        )
        self.bucket = bucket
        self.said = said


class BucketRefused(StorageError):
    """The bucket of the WARC files is not there, or does not let us in."""

    def __init__(self, bucket: str, why: str) -> None:
        super().__init__(
            f"{bucket} cannot be used: {why}; nothing was lost, and nothing was changed. Look at `bucket` in "
            "newsarchive.toml and at the credentials (docs/places.md), then: newsarchive places --check"
        )
        self.bucket = bucket
        self.why = why


class BytesDiffer(StorageError):
    """A file in the folder and the one of its name in the bucket are not the same."""

    def __init__(self, name: str, bucket: str) -> None:
        super().__init__(
            f"{name} is in {bucket} with other bytes than in the folder; neither was changed, and the folder's stays. "
            "Find out which is right with: newsarchive verify. Then move the other one away by hand"
        )
        self.name = name
        self.bucket = bucket


class IndexFailure(ArchiveError):
    """The SQL index cannot be used."""

    exit_code = 70


class IndexTooNew(IndexFailure):
    """The index was written by a later newsarchive than this one."""

    def __init__(self, found: str, known: str) -> None:
        super().__init__(
            f"the index has schema {found}, which this newsarchive (schema {known}) does not know: a later version "
            "wrote it. Nothing was changed. Install that version again, or make a new index from the WARC files with: "
            "newsarchive rebuild (PostgreSQL: after naming an empty database in newsarchive.toml)"
        )
        self.found = found
        self.known = known


class IndexLost(IndexFailure):
    """The index's file is gone while the archive's WARC files are there."""

    def __init__(self, place: str, archive: str) -> None:
        super().__init__(
            f"the index {place} is gone; the WARC files are there, and all that it held can be made from them. "
            f"Nothing was changed. Make it anew with: newsarchive rebuild --archive {archive}"
        )
        self.place = place


class QueryTooLong(IndexFailure):
    """A question to the index takes longer than is allowed, and was given up."""


class WarcError(ArchiveError):
    """Bytes in a WARC file are not what they should be."""

    exit_code = 65

    def __init__(self, file: str, offset: int, what: str) -> None:
        super().__init__(f"{file}: {what} at byte {offset}. To see all damage: newsarchive verify")
        self.file = file
        self.offset = offset
        self.what = what


class TornRecord(WarcError):
    """A WARC file ends in the middle of a record."""


class BadRecord(WarcError):
    """A record breaks the WARC format."""


class PayloadError(ArchiveError):
    """A transfer or content coding cannot be undone. The bytes are kept; they cannot be read as text."""

    exit_code = 65


class PayloadTooLarge(PayloadError):
    """A body has more bytes, codings undone, than are read. The bytes are kept."""
