"""The folder of the full-text engine: a state file, a lock, and one index of the engine, or two while one is made.

    search/
        state.json       which index is in use, what it is of, and how far it has followed the SQL index
        lock             held by the process that writes
        index-7/         the engine's files

An index that is made from the beginning is complete before the state file names it; until then the former one is used.
"""

import json
import os
import shutil
import struct
import tempfile
import threading
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from tantivy import Document, Index

from storage.errors import DiskFull, SearchDamaged
from storage.index.fulltext.fields import ANALYZER_VERSION, TERMS, Fields, build_document, build_schema, build_tokenizer
from storage.index.fulltext.searcher import EngineSearcher
from storage.places.folder import NO_SPACE, lock_file, write_atomic

_HEAP = 60_000_000  # bytes of memory of a writer; when they are full, it writes a segment
_FOOTER_MAGIC = 1337


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderState:
    """Contents of the state file."""

    index: str
    """Name of the folder of the engine's files."""
    identity: str
    """Identity of the SQL index from which it was made."""
    analyzer: int
    mark: str
    """Position in the change log of the SQL index up to which changes are applied."""
    opstamp: int
    """The engine's number of the commit to which the mark belongs."""


class FulltextWriter:
    """Writes one index of the engine. Close it, even after an error."""

    def __init__(self, folder: Path, repeated: Collection[int] | None = None) -> None:
        folder.mkdir(0o750, exist_ok=True)
        self._index = _open_index(folder)
        self._repeated = repeated
        self._stories: dict[Any, dict[Any, bool]] = {}  # of the last documents: articles, and whether they are marked
        with _translate_errors():
            self._writer = self._index.writer(heap_size=_HEAP, num_threads=1)

    def replace(self, articles: Iterable[int], documents: Iterable[Fields]) -> set[int]:
        """Delete the documents of articles, add documents, and return the articles that now lack the mark of a copy."""
        unmarked: set[int] = set()
        with _translate_errors():
            for article_id in articles:
                self._writer.delete_documents_by_term("article", article_id)
            for article, group in groupby(documents, itemgetter("article")):
                texts = [*group]
                own = ["story" in each and self._is_repeated(each["story"], article, unmarked) for each in texts]
                varied = any(own) and len({each.get("story") for each in texts}) > 1
                for fields, is_repeated in zip(texts, own, strict=True):
                    self._writer.add_document(build_document({**fields, "repeated": is_repeated + 2 * varied}))
        return unmarked

    def _is_repeated(self, story: Any, article: Any, unmarked: set[int]) -> bool:
        """Return whether another article has a story; those that were alone with it are added to `unmarked`."""
        if self._repeated is not None:
            return story in self._repeated
        if story not in self._stories:
            committed = EngineSearcher(self._index.schema, self._index.searcher())
            marks = committed.list_columns(committed.match_values("story", (story,)), "article", "repeated")
            self._stories[story] = dict(zip(marks[0], (bool(mark & 1) for mark in marks[1]), strict=True))
        known = self._stories[story]
        known[article] = is_repeated = len(known) > (article in known)
        if len(known) == 2:  # of more articles, all others are marked
            unmarked.update(other for other in known if not known[other])
            known.update(dict.fromkeys(known, True))
        return is_repeated

    def commit(self) -> int:
        """Make the changes durable, and return the number of the commit.

        After an error the changes are rolled back: else later commits would succeed and lack documents.
        """
        self._stories.clear()
        with _translate_errors():
            try:
                opstamp = self._writer.commit()
            except BaseException as error:
                self._writer.rollback()
                if isinstance(error, (KeyboardInterrupt, SystemExit)):
                    raise
                raise ValueError(str(error)) from error  # also of a panic of the engine
            self._index.reload()
            return opstamp

    def close(self) -> None:
        """Wait for the engine's threads. What is wrong was said by `commit`."""
        with suppress(ValueError):
            self._writer.wait_merging_threads()


class FulltextFolder:
    """The folder of the full-text engine. Safe to share between threads."""

    def __init__(self, path: Path | None) -> None:
        """Without a path, a temporary folder is used that is deleted at the end."""
        self._path = path
        self._temporary: list[tempfile.TemporaryDirectory[str]] = []
        self._opened: tuple[FolderState, Index, EngineSearcher] | None = None
        self._mutex = threading.RLock()

    @property
    def path(self) -> Path:
        """The folder."""
        with self._mutex:
            if self._path is None:
                self._path = self._make_temporary()
            return self._path

    def _make_temporary(self) -> Path:
        folder = tempfile.TemporaryDirectory(prefix="newsarchive-search-", ignore_cleanup_errors=True)
        self._temporary.append(folder)
        return Path(folder.name)

    def close(self) -> None:
        """Let go of the engine's files."""
        with self._mutex:
            self._opened = None
            while self._temporary:
                self._temporary.pop().cleanup()

    def read_state(self) -> FolderState | None:
        """Return the state; None if there is no index that can be used: none yet, of an earlier version, damaged."""
        try:
            state = FolderState(**json.loads((self.path / "state.json").read_text()))
            engine = json.loads((self.path / state.index / "meta.json").read_text())
        except (OSError, ValueError, TypeError):
            return None
        # A copy of a folder in use may have a mark that is ahead of its documents.
        is_whole = engine["opstamp"] >= state.opstamp
        return state if is_whole and state.analyzer == ANALYZER_VERSION else None

    def discard(self) -> None:
        """Have the index made anew, because it is damaged."""
        with suppress(OSError):
            (self.path / "state.json").unlink()

    @contextmanager
    def lock(self) -> Iterator[bool]:
        """Hold the folder for writing; False if another process has it, or nothing can be written here."""
        with ExitStack() as stack:
            fd: int | None = None
            with suppress(OSError):
                self.path.mkdir(0o750, parents=True, exist_ok=True)
                fd = stack.enter_context(lock_file(self.path / "lock", os.O_RDWR | os.O_CREAT))
            yield fd is not None

    def write(self, state: FolderState) -> AbstractContextManager[FulltextWriter]:
        """Open the writer of the index in use."""
        return closing(FulltextWriter(self.path / state.index))

    @contextmanager
    def build(self, identity: str, mark: str, repeated: Collection[int] | None = None) -> Iterator[FulltextWriter]:
        """Make an index beside the one in use, and replace it. `repeated`: the stories of several articles."""
        before = sorted(self.path.glob("index-*"))
        numbers = [int(one.name.partition("-")[2]) for one in before if one.name.partition("-")[2].isdecimal()]
        used = self.read_state()
        for one in before:
            if used is None or one.name != used.index:
                shutil.rmtree(one, ignore_errors=True)
        name = f"index-{max(numbers, default=0) + 1}"
        new = FolderState(index=name, identity=identity, analyzer=ANALYZER_VERSION, mark=mark, opstamp=0)
        with closing(FulltextWriter(self.path / name, repeated)) as writer:
            yield writer
            self.commit(writer, new, mark)
        if used is not None:
            shutil.rmtree(self.path / used.index, ignore_errors=True)
        self.report_progress(None)

    def commit(self, writer: FulltextWriter, state: FolderState, mark: str) -> FolderState:
        """Commit a batch, then write its mark. A crash between the two repeats the batch, which changes no result."""
        state = replace(state, mark=mark, opstamp=writer.commit())
        write_atomic(self.path / "state.json", json.dumps(asdict(state)))
        return state

    def report_progress(self, share: float | None) -> None:
        """Write the share of an index that is made, which other processes show; None when it is complete."""
        file = self.path / "progress"
        if share is None:
            file.unlink(missing_ok=True)
        else:
            file.write_text(f"{share:.3f}")

    def read_progress(self) -> float:
        """Return how much of the index that is being made is made, from 0 to 1."""
        try:
            return float((self.path / "progress").read_text())
        except (OSError, ValueError):
            return 0.0

    def open_searcher(self, state: FolderState) -> EngineSearcher:
        """Return a view of the newest commit of the index in use: of one state the same, with what it remembers."""
        with self._mutex:
            if self._opened is None or self._opened[0].index != state.index:
                index = self._open_to_read(self.path / state.index)
            elif self._opened[0] == state:
                return self._opened[2]
            else:
                index = self._opened[1]
            index.reload()
            self._opened = state, index, EngineSearcher(index.schema, index.searcher())
            return self._opened[2]

    def _open_to_read(self, folder: Path) -> Index:
        try:
            if not os.access(folder, os.W_OK):
                # The engine makes a lock file even to read, but follows links.
                linked = self._make_temporary()
                for file in folder.iterdir():
                    if not file.name.endswith(".lock"):
                        (linked / file.name).symlink_to(file.absolute())
                folder = linked
            return _open_index(folder)
        except OSError as error:
            raise SearchDamaged(reason=str(error)) from error

    def deleted_share(self, state: FolderState) -> float:
        """Return the share of deleted documents, which count in the ranking until their segment is merged."""
        segments = json.loads((self.path / state.index / "meta.json").read_text())["segments"]
        deleted = sum((one["deletes"] or {}).get("num_deleted_docs", 0) for one in segments)
        return float(deleted / max(1, sum(one["max_doc"] for one in segments)))

    def find_damage(self, state: FolderState) -> list[Path]:
        """Return the files of the index in use whose checksum is wrong, which opening it does not notice."""
        folder = self.path / state.index
        segments = json.loads((folder / "meta.json").read_text())["segments"]
        files = [file for one in segments for file in folder.glob(one["segment_id"].replace("-", "") + ".*")]
        return [file for file in files if not _is_sound(file)] + ([] if files or not segments else [folder])


def index_in_memory(documents: Iterable[Document]) -> EngineSearcher:
    """Return a view of an index of a few documents that is in no folder."""
    index = _open_index(None)
    writer = index.writer(heap_size=_HEAP // 4, num_threads=1)
    for document in documents:
        writer.add_document(document)
    writer.commit()
    index.reload()
    return EngineSearcher(index.schema, index.searcher())


def _open_index(folder: Path | None) -> Index:
    with _translate_errors():
        index = Index(build_schema(), path=str(folder) if folder else None)
    index.register_tokenizer(TERMS, build_tokenizer())
    return index


@contextmanager
def _translate_errors() -> Iterator[None]:
    """Raise an error of the engine, which has one type for all of them, as ours."""
    try:
        yield
    except ValueError as error:
        # Its own threads report "io::Error", others the error of the system.
        if any(text in str(error) for text in ("io::Error", *map(os.strerror, NO_SPACE))):
            raise DiskFull.create("search-disk-full") from error
        raise SearchDamaged(reason=str(error)) from error


def _is_sound(file: Path) -> bool:
    data = file.read_bytes()
    try:
        length, magic = struct.unpack("<II", data[-8:])
        footer = json.loads(data[-8 - length : -8])
        return bool(magic == _FOOTER_MAGIC and footer["crc"] == zlib.crc32(data[: -8 - length]))
    except (ValueError, KeyError, struct.error):
        return False
