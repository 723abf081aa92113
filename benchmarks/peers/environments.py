"""Virtual environments of the peers: each has one of its own, made on first use and kept outside the tree."""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 900
"""Seconds that an installation may take."""
_DONE = ".installed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A peer that cannot be had here."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Requirements of a peer, with versions, so that figures can be reproduced."""

    name: str
    requirements: tuple[str, ...]

    def made(self, under: Path) -> Path | Missing:
        """Its python, installed now where it was not before."""
        wanted = "\n".join((sys.version, *self.requirements))
        folder = under / f"{self.name}-{hashlib.sha256(wanted.encode()).hexdigest()[:8]}"
        python = folder / "bin" / "python"
        if (folder / _DONE).exists():
            return python
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        print(f"installing {', '.join(self.requirements)} into {folder}", flush=True)
        for command in _commands(folder, python, self.requirements):
            if told := _failure(command):
                return Missing(reason=told)
        (folder / _DONE).touch()
        return python


def cache() -> Path:
    """Return their default folder (XDG Base Directory)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "newsarchive-bench"


def _commands(folder: Path, python: Path, requirements: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """By uv where it is there, because it is faster."""
    if uv := shutil.which("uv"):
        make = [uv, "venv", "--quiet", "--python", sys.executable, str(folder)]
        return make, [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python), *requirements]
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements]
    return [sys.executable, "-m", "venv", str(folder)], install


def _failure(command: list[str]) -> str | None:
    """Run; what went wrong in a line, or None."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return f"its installation took longer than {PATIENCE} s"
    except OSError as problem:
        return str(problem)
    if not done.returncode:
        return None
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    return f"cannot be installed: {lines[-1] if lines else done.returncode}"
