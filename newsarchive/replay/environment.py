"""Virtual environment of pywb, in the user's data folder, shared by all archives of a user."""

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
"""pywb decodes gzip, deflate and brotli only; imported WARC files often contain zstd."""
HOME_VARIABLE = "NEWSARCHIVE_REPLAY"
"""Environment variable with another folder for the environment."""
_MARK = "newsarchive-replay-2.txt"
"""Written last: an environment without it is incomplete. The number changes with the set of packages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayEnvironment:
    """A virtual environment for pywb."""

    folder: Path

    @property
    def python(self) -> Path:
        """Path of the interpreter."""
        return self.folder / "bin" / "python"

    @property
    def installed_version(self) -> str | None:
        """Installed version, such as "pywb 2.10.0"; None if the environment is missing or incomplete."""
        mark = self.folder / _MARK
        return mark.read_text().strip() if mark.is_file() and self.python.exists() else None


def default_environment() -> ReplayEnvironment:
    """Return the environment of this user."""
    if named := os.environ.get(HOME_VARIABLE):
        return ReplayEnvironment(folder=Path(named).absolute())
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return ReplayEnvironment(folder=Path(data) / "newsarchive" / "replay")


def install(environment: ReplayEnvironment, report: Callable[[str], None]) -> None:
    """Recreate the environment and install pywb; ReplayFailure if that fails."""
    remove(environment)
    environment.folder.parent.mkdir(parents=True, exist_ok=True)
    report(f"Creating a virtual environment in {environment.folder}")
    _run([sys.executable, "-m", "venv", str(environment.folder)])
    report(f"Installing {PYWB} (about 60 MB)")
    _run([str(environment.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PYWB, ZSTD])
    # Importing it now detects missing packages before a reader does.
    code = "import importlib.metadata as m, zstandard, pywb.apps.frontendapp; print('pywb', m.version('pywb'))"
    installed = _run([str(environment.python), "-W", "ignore", "-c", code]).strip().splitlines()[-1]
    (environment.folder / _MARK).write_text(f"{installed}\n")


def remove(environment: ReplayEnvironment) -> None:
    """Remove the environment, if there is one. A folder that is no environment is left alone."""
    folder = environment.folder
    if folder.exists():
        if not (folder / "pyvenv.cfg").is_file() and any(folder.iterdir()):
            raise ReplayFailure.create("not-pywb-environment", folder=folder, variable=HOME_VARIABLE)
        shutil.rmtree(folder)


def _run(command: list[str]) -> str:
    variables = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    done = subprocess.run(  # noqa: S603 - a fixed command
        command, capture_output=True, text=True, check=False, env=variables, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        output = (done.stderr or done.stdout).strip().splitlines()[-5:]
        raise ReplayFailure.create("pywb-not-installed", output=" ".join(output))
    return done.stdout
