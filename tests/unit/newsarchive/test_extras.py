"""A message about a missing extra has a command that works for the way in which the program was installed."""

import importlib.util
import json
import sys
import tomllib
from importlib.machinery import ModuleSpec
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from storage import extras
from storage.extras import EXTRAS, install_command

ROOT = Path(__file__).parents[3]


class Wheel:
    """An installed distribution with this direct_url.json."""

    def __init__(self, direct_url: object = None) -> None:
        self.direct_url = direct_url

    def read_text(self, name: str) -> str | None:
        assert name == "direct_url.json"
        return None if self.direct_url is None else json.dumps(self.direct_url)


@pytest.fixture
def prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment with the wheel, pip, and obstore of the extra s3."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setattr(extras, "distribution", lambda name: Wheel())
    set_modules(monkeypatch, "pip", "obstore")
    return tmp_path


def set_modules(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: ModuleSpec(name, None) if name in names else None)


def test_pip_of_an_ordinary_environment(prefix: Path) -> None:
    """Its own interpreter runs pip: another pip would install elsewhere."""
    assert install_command("dask") == f"{prefix}/bin/python -m pip install 'newsarchive[dask]'"


def test_an_environment_without_pip(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that uv makes have no pip."""
    set_modules(monkeypatch)
    assert install_command("s3") == f"uv pip install --python {prefix}/bin/python 'newsarchive[s3]'"


def test_pipx(prefix: Path) -> None:
    """Inside the environment that pipx made; other extras stay."""
    (prefix / "pipx_metadata.json").touch()
    assert install_command("dask") == "pipx runpip newsarchive install 'newsarchive[dask]'"


def test_uv_tool(prefix: Path) -> None:
    """The tool uv drops the extras that are not named: those that are installed are named too."""
    (prefix / "uv-receipt.toml").write_text('[tool]\nrequirements = [{ name = "newsarchive" }]\n')
    assert install_command("dask") == "uv tool install 'newsarchive[dask,s3]'"


@pytest.mark.parametrize("receipt", ['requirements = [{ name = "newsarchive", path = "/x.whl" }]', "=", ""])
def test_uv_tool_from_a_file(prefix: Path, receipt: str) -> None:
    """By its name, uv would replace it with a release."""
    (prefix / "uv-receipt.toml").write_text(f"[tool]\n{receipt}\n")
    assert install_command("dask") == f"{prefix}/bin/python -m pip install 'newsarchive[dask]'"


def test_an_editable_checkout(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checkout stays editable; its folder is quoted for the shell."""
    source = {"url": "file:///home/me/my%20news", "dir_info": {"editable": True}}
    monkeypatch.setattr(extras, "distribution", lambda name: Wheel(source))
    assert install_command("dask") == f"{prefix}/bin/python -m pip install -e '/home/me/my news[dask]'"
    monkeypatch.setattr(extras, "distribution", lambda name: Wheel({"url": "file:///x.whl", "archive_info": {}}))
    assert install_command("dask") == f"{prefix}/bin/python -m pip install 'newsarchive[dask]'"


def test_a_checkout_that_is_not_installed(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found by its pyproject.toml."""

    def missing(name: str) -> Wheel:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(extras, "distribution", missing)
    assert install_command("dask") == f"{prefix}/bin/python -m pip install -e '{ROOT}[dask]'"


def test_the_browser_of_the_extra_render(prefix: Path) -> None:
    """Playwright's command is not on the PATH of a program that pipx or uv installed: its module is called."""
    python = f"{prefix}/bin/python"
    assert install_command("render") == (
        f"{python} -m pip install 'newsarchive[render]' && {python} -m playwright install chromium"
    )


def test_every_extra_is_known() -> None:
    """The table names the extras of pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert EXTRAS.keys() == project["optional-dependencies"].keys()
