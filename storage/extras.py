"""Commands that install an optional dependency into the environment that this program runs in."""

import importlib.util
import json
import shlex
import sys
import tomllib
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit

EXTRAS = {
    "cluster": "procrastinate",
    "dask": "distributed",
    "parquet": "pyarrow",
    "pictures": "PIL",
    "postgres": "psycopg",
    "render": "playwright",
    "s3": "obstore",
}
"""The optional dependencies of pyproject.toml, each with a module by which it is recognized."""


def install_command(extra: str) -> str:
    """Return the shell command that installs an extra, whether pipx, uv, pip or a checkout provides the program."""
    if _is_plain_uv_tool(Path(sys.prefix) / "uv-receipt.toml"):
        # uv replaces the set of extras: name those too that are there already.
        extras = sorted({extra, *(name for name, module in EXTRAS.items() if importlib.util.find_spec(module))})
        command = f"uv tool install 'newsarchive[{','.join(extras)}]'"
    elif checkout := _editable_folder():
        command = pip_command("-e", f"{checkout}[{extra}]")
    else:
        command = pip_command(f"newsarchive[{extra}]")
    if extra == "render":
        command += f" && {shlex.quote(sys.executable)} -m playwright install chromium"
    return command


def pip_command(*words: str) -> str:
    """Return the shell command that installs these requirements into the program's environment."""
    requirements = shlex.join(words)
    if (Path(sys.prefix) / "pipx_metadata.json").exists():
        return f"pipx runpip newsarchive install {requirements}"
    python = shlex.quote(sys.executable)
    if importlib.util.find_spec("pip") is None:  # as in environments that uv makes
        return f"uv pip install --python {python} {requirements}"
    return f"{python} -m pip install {requirements}"


def _is_plain_uv_tool(receipt: Path) -> bool:
    """Return True for a tool that uv installed by name; from a file or repository, only `uv pip` keeps its source."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        requirements = tomllib.loads(receipt.read_text("utf-8"))["tool"]["requirements"]
        own = next(each for each in requirements if each["name"] == "newsarchive")
        return not own.keys() & {"path", "directory", "editable", "url", "git"}
    return False


def _editable_folder() -> Path | None:
    """Return the checkout that this program runs from, or None if it is installed as a wheel."""
    try:
        text = distribution("newsarchive").read_text("direct_url.json")
    except PackageNotFoundError:
        root = Path(__file__).parents[1]
        return root if (root / "pyproject.toml").exists() else None
    with suppress(ValueError, KeyError, TypeError):
        source = json.loads(text or "null")
        if source["dir_info"].get("editable"):
            return Path(unquote(urlsplit(source["url"]).path))
    return None
