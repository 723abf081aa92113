"""`newsarchive serve` as a process."""

import os
import pty
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from newsarchive.archive import Archive
from tests.forked_process import start_command
from tests.in_process import run_in_process
from tests.newsroom.certificate import create_certificate

WORDS = [sys.executable, "-m", "newsarchive", "serve"]
Start = Callable[..., "tuple[subprocess.Popen[str], str]"]


@pytest.fixture
def morgue(tmp_path: Path) -> Path:
    """An archive with a user."""
    Archive.init(tmp_path / "morgue").close()
    hashed = run_in_process("serve", "--hash-password", stdin="sesame\n")
    line = hashed.stdout.replace("NAME", "ada")
    assert re.fullmatch(r'ada = "scrypt:[^"]+"\n', line)
    toml = tmp_path / "morgue" / "newsarchive.toml"
    toml.write_text(f"{toml.read_text()}\n[serve.users]\n{line}")
    return tmp_path / "morgue"


@pytest.fixture
def start(morgue: Path) -> Iterator[Start]:
    """Start the command and wait for the line with the URL."""
    running: list[subprocess.Popen[str]] = []

    def begin(*words: str) -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [*WORDS, "--port", "0", "--archive", str(morgue), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        running.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r" at (https?://\S+) ", line)
        assert found, line
        return process, found[1]

    yield begin
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def address_of(morgue: Path, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Start the command in a forked process, which takes a third of the time, and return the URL that it prints."""
    running: list[BaseProcess] = []

    def begin(*words: str) -> str:
        printed = tmp_path / "printed"
        running.append(start_command("serve", "--port", "0", "--archive", morgue, *words, out=printed))
        while not (found := printed.exists() and re.search(r" at (https?://\S+) ", printed.read_text())):
            assert running[-1].is_alive()
            time.sleep(0.02)
        return found[1]

    yield begin
    for process in running:
        process.kill()
        process.join()


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM], ids=lambda each: each.name)
def test_the_server_starts_responds_and_stops(start: Start, told: signal.Signals) -> None:
    """It prints the URL when it is ready; SIGINT and SIGTERM are a normal end without output."""
    process, address = start()
    assert address.startswith("http://127.0.0.1:")
    with urlopen(address) as answer:
        assert answer.status == 200
        assert "This archive is empty" in answer.read().decode()
    process.send_signal(told)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "", "")


def test_auth_requires_credentials(address_of: Callable[..., str]) -> None:
    """The line of --hash-password authenticates its user, and nobody else."""
    address = address_of("--auth")
    with pytest.raises(HTTPError, match="401") as refused:
        urlopen(address)
    refused.value.close()
    right = Request(address, headers={"authorization": "Basic YWRhOnNlc2FtZQ=="})
    with urlopen(right) as answer:
        assert answer.status == 200


def test_a_new_token_authenticates_its_program(address_of: Callable[..., str], morgue: Path) -> None:
    """The line of --new-token goes to standard output, the token to standard error."""
    made = run_in_process("serve", "--new-token")
    assert re.fullmatch(r'NAME = "sha256:[0-9a-f]{64}"\n', made.stdout)
    toml = morgue / "newsarchive.toml"
    toml.write_text(f"{toml.read_text()}\n[serve.tokens]\n{made.stdout.replace('NAME', 'feed')}")
    address = address_of("--auth")
    with urlopen(Request(address, headers={"authorization": f"Bearer {made.stderr.split()[-1]}"})) as answer:
        assert answer.status == 200


def test_a_certificate_serves_https(address_of: Callable[..., str], tmp_path: Path) -> None:
    """The printed URL says so."""
    made = create_certificate(tmp_path)
    address = address_of("--cert", str(made.certificate_file), "--key", str(made.key_file))
    assert address.startswith("https://127.0.0.1:")
    trusting = ssl.create_default_context(cafile=made.certificate_file)
    with urlopen(address, context=trusting, timeout=30) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("words", [("--cert", "missing.pem"), ("--cert", "newsarchive.toml"), ("--key", "key.pem")])
def test_a_certificate_that_cannot_be_used_is_one_sentence(morgue: Path, words: tuple[str, ...]) -> None:
    """Nothing is started; the sentence says which files to name."""
    done = run_in_process("serve", *words, "--archive", morgue, at=morgue)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "--cert" in done.stderr


def run(morgue: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return run_in_process("serve", "--archive", morgue, *words)


def test_a_port_in_use_is_one_sentence(morgue: Path) -> None:
    """Exit code 69, the cause and the remedy."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(morgue, "--port", str(port))
    assert (done.returncode, done.stdout) == (69, "")
    assert f"port {port} of 127.0.0.1 is in use" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--host", "0.0.0.0"], 2, "--public"),
        (["--host", "192.0.2.1", "--public"], 69, "cannot listen on 192.0.2.1"),
        (["--port", "99999"], 2, "65535"),
    ],
)
def test_invalid_options_start_nothing(morgue: Path, words: list[str], code: int, told: str) -> None:
    """An archive is not exposed unintentionally."""
    done = run(morgue, *words)
    assert done.returncode == code
    assert told in done.stderr


def test_a_person_is_told_what_it_does_before_it_listens(morgue: Path) -> None:
    """On a terminal: opening an archive may take a while. A log gets the line with the URL alone."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*WORDS, "--port", "0", "--archive", morgue], stdout=subprocess.PIPE, stderr=theirs, text=True
    ) as process:
        os.close(theirs)
        assert process.stdout
        assert process.stdout.readline().startswith("Serving the archive in ")
        process.terminate()
    assert f"Opening the archive in {morgue}" in re.sub(r"\x1b\[[0-9;]*m", "", os.read(ours, 10_000).decode())
    os.close(ours)
