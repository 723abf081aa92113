"""The environment of pywb: a virtual environment in the user's data folder, shared by all of a user's archives."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from storage.errors import ReplayFailure

PYWB = "pywb==2.10.*"
ZSTD = "zstandard>=0.22"
"""pywb itself reads gzip, deflate and brotli; many sites send zstd to clients that take it, and files are imported."""
HOME = "NEWSARCHIVE_REPLAY"
"""Environment variable: another folder for the environment."""
_MARK = "newsarchive-replay-2.txt"
"""Written last: an environment without it is not whole. Its number grows where more has to be installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where pywb is installed."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def installed(self) -> str | None:
        """What is installed, such as "pywb 2.10.0"; None where nothing whole is."""
        mark = self.folder / _MARK
        return mark.read_text().strip() if mark.is_file() and self.python.exists() else None


def default_environment() -> Environment:
    """The environment of this user."""
    named = os.environ.get(HOME)
    if named:
        return Environment(folder=Path(named).absolute())
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Environment(folder=Path(data) / "newsarchive" / "replay")


def install(environment: Environment, report: Callable[[str], None]) -> str:
    """Make the environment anew and install pywb into it; returns what is installed. ReplayFailure where that fails."""
    remove(environment)
    environment.folder.parent.mkdir(parents=True, exist_ok=True)
    report(f"Making an environment in {environment.folder}")
    _run([sys.executable, "-m", "venv", str(environment.folder)])
    report(f"Installing {PYWB} (some 60 MB)")
    _run([str(environment.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PYWB, ZSTD])
    # Starting it once finds what is missing, before a reader does.
    asked = "import importlib.metadata as m, zstandard, pywb.apps.frontendapp; print('pywb', m.version('pywb'))"
    installed = _run([str(environment.python), "-W", "ignore", "-c", asked]).strip().splitlines()[-1]
    (environment.folder / _MARK).write_text(f"{installed}\n")
    return installed


def remove(environment: Environment) -> bool:
    """Remove the environment; True where there was one. Another folder of that name is left alone."""
    folder = environment.folder
    if not folder.exists():
        return False
    if not (folder / "pyvenv.cfg").is_file() and any(folder.iterdir()):
        raise ReplayFailure(
            f"{folder} is no environment of pywb's; it was left as it is. Name another folder with {HOME}, or remove it"
        )
    shutil.rmtree(folder)
    return True


def _run(words: list[str]) -> str:
    clean = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    done = subprocess.run(  # noqa: S603 - our own words
        words, capture_output=True, text=True, check=False, env=clean, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-5:]
        raise ReplayFailure(
            f"pywb could not be installed: {' '.join(said)}. The archive is untouched. "
            "See to the network or the disk, then: newsarchive replay install"
        )
    return done.stdout
