"""What is handed out: the wheel and the sdist hold all that they need and nothing that is not ours."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"storage", "newsarchive", "spiders"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder)], cwd=ROOT, check=True, capture_output=True
    )
    return folder


def tracked(*folders: str) -> set[str]:
    """Files of the repository in these folders."""
    done = subprocess.run(["git", "ls-files", "--", *folders], cwd=ROOT, check=True, capture_output=True, text=True)
    return set(done.stdout.split("\n")) - {""}


def test_the_wheel_has_three_packages_whole(built: Path) -> None:
    """Every file of the three packages, migrations and demo assets included, and no other package."""
    (wheel,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    info = {name for name in names if ".dist-info/" in name}
    assert {name.split("/")[0] for name in names - info} == OURS
    assert tracked(*OURS) - names == set()
    assert {f"{name}/py.typed" for name in OURS} <= names
    assert any(name.endswith("licenses/LICENSE") for name in info)


def test_the_sdist_has_what_building_and_testing_need(built: Path) -> None:
    """Sources, tests, docs and lock files; no caches."""
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = tracked(*OURS, "tests", "docs", "requirements", "Makefile", "noxfile.py", "README.md", "LICENSE")
    assert wanted - names == set()
    assert [name for name in names if "__pycache__" in name or name.startswith((".venv", ".git/"))] == []
