"""Containerfile and compose.yaml: what they name exists, and their steps run in a fresh root of Debian's packages.

The second takes ten minutes and two registries, so that only `make container` runs it.
"""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from newsarchive.cli.app import load_command

yaml: Any = pytest.importorskip("yaml")
WANTED = "NEWSARCHIVE_TEST_CONTAINER"
ROOT = Path(__file__).parents[2]
CONTAINERFILE = (ROOT / "Containerfile").read_text().replace("\\\n", "")
PASSED_ON = re.compile(r"(?i)PIP_(INDEX_URL|EXTRA_INDEX_URL|CERT|TRUSTED_HOST)|https?_proxy|no_proxy")
"""Variables of this machine that lead to the package registry."""
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
OWNER = "10001:10001"


def list_instructions(name: str) -> list[str]:
    return re.findall(rf"^{name} (.*)$", CONTAINERFILE, re.MULTILINE)


def test_the_files_and_commands_that_are_named_exist() -> None:
    """Of the checkout, of the command line, and of the image's user."""
    named = re.findall(r"/src/(\S+)", CONTAINERFILE)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    entry = services["crawl"]["entrypoint"]
    subprocess.run([entry[0], "-n", *entry[1:]], check=True)
    lines = [services["serve"]["command"], re.findall(r"newsarchive ([^;]*);", entry[-1])[0].split()]
    for command, *words in [*lines, *map(yaml.safe_load, list_instructions("CMD"))]:
        load_command(command).make_context(command, words)
    assert f"--uid {OWNER.partition(':')[0]} " in CONTAINERFILE
    assert f"chown {OWNER.partition(':')[0]} " in (ROOT / "docs" / "how-to" / "container.md").read_text()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Path]:
    """A root with Debian's Python as `python` and `pip`, as the base image has them, and the checkout in /src."""
    if not os.environ.get(WANTED) or os.geteuid() or not shutil.which("debootstrap"):
        pytest.skip(f"making a root needs debootstrap, run by root, and {WANTED}")
    root = tmp_path / "root"
    include = "--include=python3,python3-venv,ca-certificates"
    made = subprocess.run(
        ["debootstrap", "--variant=minbase", include, "trixie", root], capture_output=True, check=False
    )
    assert made.returncode == 0, made
    files = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True).stdout
    (root / "src").mkdir()
    subprocess.run(["tar", "-x", "-C", root / "src"], input=files, check=True)
    for name in ("etc/resolv.conf", "etc/hosts", CERTIFICATES):
        shutil.copyfile(f"/{name}", root / name)
    run_inside(root, "python3 -m venv /usr/local")
    yield root
    shutil.rmtree(root)


def run_inside(root: Path, line: str, user: str = "0:0", **variables: str) -> str:
    """Run a line of the shell in the root, and return what it printed."""
    mounts = 'mount --bind /dev "$0/dev"; mount --bind /proc "$0/proc"'
    entered = f'{mounts}; exec chroot --userspec={user} "$0" /bin/sh -ec "$1"'
    passed = {name: value for name, value in os.environ.items() if PASSED_ON.fullmatch(name) and "file:" not in value}
    path = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "PIP_CERT": f"/{CERTIFICATES}"}
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-ec", entered, root, line],
        env={**passed, **path, **variables}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (line, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout


@pytest.mark.slow
def test_its_steps_run_in_a_fresh_root(fresh: Path) -> None:
    """The image's user makes an archive where the volume is, and crawls; nothing of the checkout is left."""
    for step in list_instructions("RUN"):
        run_inside(fresh, step)
    assert not (fresh / "src").exists()
    variables = dict(each.split("=", 1) for each in list_instructions("ENV"))
    (volume,) = list_instructions("VOLUME")
    (fresh / volume.strip("/")).mkdir()
    os.chown(fresh / volume.strip("/"), *map(int, OWNER.split(":")))
    (entry,), command = map(yaml.safe_load, list_instructions("ENTRYPOINT") + list_instructions("CMD"))
    run_inside(fresh, f"{entry} init {volume} --contact you@your.example", OWNER)
    printed = run_inside(fresh, shlex.join([entry, *command]), OWNER, **variables)
    assert printed.startswith("0 articles in 0 versions")
    assert "no differences" in run_inside(fresh, f"cd /tmp && {entry} demo", OWNER, HOME="/home/archivist")
