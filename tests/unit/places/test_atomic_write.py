"""Files are replaced as a whole: after any failure the old content is there, and no temporary file."""

import errno
import os
import resource
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from storage.errors import DiskFull, StorageError
from storage.places.folder import PART, open_atomic, remove_parts, replace_durably, write_atomic

ROOT = Path(__file__).parents[3]


def test_a_file_is_created_and_replaced(tmp_path: Path) -> None:
    """Bytes as they are, text as UTF-8; nothing else is left in the folder."""
    path = tmp_path / "a.json"
    write_atomic(path, b"old")
    write_atomic(path, "n\u00e9w")
    assert path.read_bytes() == "n\u00e9w".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_the_old_file_is_visible_until_the_new_one_is_complete(tmp_path: Path) -> None:
    """Readers never see half of a file."""
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with open_atomic(path) as file:
        file.write(b"ne")
        file.flush()
        assert path.read_bytes() == b"old"
        file.write(b"w")
    assert path.read_bytes() == b"new"


def test_an_error_leaves_the_old_file(tmp_path: Path) -> None:
    """Whatever ends the writing, the old file stays and the temporary one is deleted."""
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def lines() -> Iterator[bytes]:
        yield b"half"
        raise RuntimeError

    with pytest.raises(RuntimeError), open_atomic(path) as file:
        file.writelines(lines())
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_crash_leaves_the_old_file(tmp_path: Path) -> None:
    """A process that is killed leaves the old file and a temporary one, which `remove_parts` deletes."""
    path = tmp_path / "a"
    path.write_bytes(b"old")
    code = "import os, sys; from pathlib import Path; from storage.places.folder import open_atomic\n"
    code += "with open_atomic(Path(sys.argv[1])) as file: file.write(b'half'); file.flush(); os._exit(9)"
    assert subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, check=False).returncode == 9
    other = tmp_path / f"b.0a1b2c3d{PART}"
    other.touch()
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 3
    remove_parts(path)
    assert sorted(tmp_path.iterdir()) == [path, other]


def test_permissions_are_kept_or_set(tmp_path: Path) -> None:
    """A new file has those of the archive, a replaced one those of the old file, unless others are given."""
    path = tmp_path / "a"
    umask = os.umask(0)
    os.umask(umask)
    write_atomic(path, b"1")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640 & ~umask
    path.chmod(0o660)
    write_atomic(path, b"2")
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    write_atomic(path, b"3", mode=0o644)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    """Its target is replaced, in the target's folder."""
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "a", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write_atomic(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert list(target.parent.iterdir()) == [target]


@pytest.fixture
def little_space() -> Iterator[None]:
    """A limit of file sizes: writing beyond it fails as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [100, 10_000_000])
@pytest.mark.usefixtures("little_space")
def test_a_full_disk_leaves_the_old_file_and_no_temporary_one(tmp_path: Path, size: int) -> None:
    """DiskFull, for data that the block writes and for data that only its end writes out."""
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(DiskFull, match="no space is left"):
        write_atomic(path, bytes(size))
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_written_is_an_error_with_the_file_s_name(tmp_path: Path) -> None:
    """StorageError, also for a missing folder and for a file in the place of the folder."""
    (tmp_path / "file").touch()
    for path in (tmp_path / "missing" / "a", tmp_path / "file" / "a"):
        with pytest.raises(StorageError, match=str(path)):
            write_atomic(path, b"x")


@pytest.mark.parametrize("name", ["a", "sub/a"])
def test_a_folder_that_cannot_be_searched_is_an_error_with_the_file_s_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """StorageError with the system's reason: nothing is known of what the folder has."""
    locked, find, make = tmp_path / "locked", Path.stat, os.open

    def refuse(path: object) -> None:  # as the system does for all but root
        if str(path).startswith(f"{locked}/"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))

    def find_unlocked(path: Path, **how: bool) -> os.stat_result:
        refuse(path)
        return find(path, **how)

    def make_unlocked(path: Path, flags: int, mode: int = 0o777) -> int:
        refuse(path)
        return make(path, flags, mode)

    monkeypatch.setattr(Path, "stat", find_unlocked)
    monkeypatch.setattr(os, "open", make_unlocked)
    with pytest.raises(StorageError, match=rf"{locked}/{name} cannot be written \(Permission denied\)"):
        write_atomic(locked / name, b"x")


def test_an_error_of_something_else_passes_unchanged(tmp_path: Path) -> None:
    """An OSError of the block that does not concern the written file is not reported as one of it."""
    with pytest.raises(OSError, match="input"), open_atomic(tmp_path / "a"):
        raise OSError(5, "input/output error", "another file")
    assert list(tmp_path.iterdir()) == []


def test_the_content_reaches_the_disk_before_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """File, rename, folder, in this order: after a power failure the name has the old content or the new."""
    calls: list[str] = []
    fsync, rename = os.fsync, Path.replace

    def sync(fd: int) -> None:
        calls.append("folder" if stat.S_ISDIR(os.fstat(fd).st_mode) else "file")
        fsync(fd)

    def replace(self: Path, target: Path) -> Path:
        calls.append("rename")
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", replace)
    write_atomic(tmp_path / "a", b"x")
    assert calls == ["file", "rename", "folder"]
    calls.clear()
    replace_durably(tmp_path / "a", tmp_path / "b")
    assert calls == ["file", "rename", "folder"]
    assert (tmp_path / "b").read_bytes() == b"x"


def test_a_device_is_written_to_and_stays(tmp_path: Path) -> None:
    """A file must not take the place of /dev/null or /dev/full; here, of a copy of it."""
    full = tmp_path / "full"
    try:
        os.mknod(full, 0o600 | stat.S_IFCHR, os.makedev(1, 7))
        full.write_bytes(b"")
    except OSError:
        pytest.skip("devices cannot be made here")
    with pytest.raises(DiskFull, match=f"no space is left for {full}"), open_atomic(full) as file:
        file.write(b"lines")
    assert full.is_char_device()
    assert list(tmp_path.iterdir()) == [full]


def test_a_pipe_gets_the_whole_output_or_nothing(tmp_path: Path) -> None:
    """As of a process substitution: export -o >(gzip > x.gz). What is written may seek, as zip files do."""
    os.mkfifo(pipe := tmp_path / "pipe")
    with ThreadPoolExecutor() as pool:
        received = pool.submit(pipe.read_bytes)
        with open_atomic(pipe) as file:
            assert Path(file.name).is_file(), "SQLite opens it by its name"
            file.write(b"line 1\n")
            file.seek(0)
            file.write(b"LINE")
        assert received.result(timeout=9) == b"LINE 1\n"
    with pytest.raises(ZeroDivisionError), open_atomic(pipe) as file:
        file.write(b"x" * (1 // 0))
    assert pipe.is_fifo()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of temporary files that all users share, and a pipe beside it."""
    (folder := tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    os.mkfifo(tmp_path / "pipe")
    return folder


def test_what_goes_into_a_pipe_is_kept_where_nobody_else_can_read_it(tmp_path: Path, temporary: Path) -> None:
    """Whatever other users put into the folder of temporary files, from the first byte on."""
    for name in ("export", "pipe"):
        (temporary / name).touch()
        (temporary / name).chmod(0o666)
    with suppress(ZeroDivisionError), open_atomic(tmp_path / "pipe") as file:
        assert Path(file.name).parent == temporary
        assert stat.S_IMODE(os.fstat(file.fileno()).st_mode) == 0o600
        raise ZeroDivisionError
    assert sorted(path.name for path in temporary.iterdir()) == ["export", "pipe"]


@pytest.mark.usefixtures("little_space")
@pytest.mark.parametrize("size", [100, 10_000_000])
def test_a_full_folder_of_temporary_files_is_named_and_not_the_pipe(tmp_path: Path, temporary: Path, size: int) -> None:
    """Space has to be made there."""
    with pytest.raises(DiskFull, match=f"no space is left for {temporary};"):
        write_atomic(tmp_path / "pipe", bytes(size))
    assert not [*temporary.iterdir()]


def test_a_device_that_cannot_be_opened_is_an_error_with_its_name(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """StorageError, as for a file."""
    pipe = tmp_path / "pipe"

    def refuse(path: Path, *_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(StorageError, match=rf"{pipe} cannot be written \(Permission denied\)"):
        write_atomic(pipe, b"x")
    assert not [*temporary.iterdir()]
