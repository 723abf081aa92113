"""Time stamps of the chain's head by RFC 3161 servers, made and checked with the command `openssl ts`.

head --query--> server --> checked: nonce, head, certificates --> warc/STAMP-HEAD-SERVER.tsr
"""

import os
import re
import ssl
import subprocess
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from newsarchive.config.schema import Config
from newsarchive.maintenance.verify_chain import Finding, HeadProof
from storage.errors import ConfigError
from storage.grouping import group_pairs
from storage.places.chain import PREFIX, ParsedChain, parse_chain
from storage.places.folder import write_atomic

TIMEOUT, DAY = 10.0, 86_400.0
"""Seconds for the answer of one server, and between two time stamps."""
STAMP_FAILED = "time-stamp-failed"
"""Finding of `status`, and the file in the archive's folder that has the problems of the last time stamps."""
TOKEN_ERRORS = (OSError, ValueError, HTTPException, subprocess.SubprocessError)
_MAX_TOKEN = 100_000
_TIME = re.compile(r"Time stamp: (\w{3} +\d+ [\d:]{8})(?:\.\d+)? (\d{4}) GMT")


def stamp_head(config: Config, *, daily: bool = False) -> list[str]:
    """Have the time servers stamp the head of the chain, with `daily` only once a day; return problems."""
    places, head, problems = config.places, config.places.chain.load([]).head, []
    ages = [time.time() - path.stat().st_mtime for path in places.folder.glob("STAMP-*.tsr")]
    if not config.time_servers or (
        daily and min(ages, default=DAY) < DAY and not (config.folder / STAMP_FAILED).exists()
    ):
        return []
    for server in config.time_servers:
        path = places.folder / f"STAMP-{head}-{re.sub('[^A-Za-z0-9.-]', '-', urlsplit(server).netloc)}.tsr"
        try:
            if not path.exists():
                write_atomic(path, _request_token(server, head, config.time_authorities), mode=0o640)
        except TOKEN_ERRORS as problem:
            problems.append(f"{server} did not stamp the head of the chain: {problem}. Next: newsarchive seal")
    places.exchange_stamps()
    if problems:
        write_atomic(config.folder / STAMP_FAILED, "\n".join(problems))
    else:
        (config.folder / STAMP_FAILED).unlink(missing_ok=True)
    return problems


def load_proofs(config: Config, noted: str = "") -> tuple[list[HeadProof], list[Finding]]:
    """Return what the tokens beside the chain prove, with a head that was noted; and the tokens that prove nothing."""
    if (noted := noted.strip().lower()) and not re.fullmatch("[0-9a-f]{64}", noted):
        raise ConfigError.create("no-head", noted=noted)
    proofs, problems = [HeadProof(head=noted)] if noted else [], []
    config.places.exchange_stamps()
    for path in sorted(config.places.folder.glob("STAMP-*.tsr")):
        try:
            _, head, server = path.stem.split("-", 2)
            at = check_token(path, ("-digest", head), config.time_authorities)
            proofs.append(HeadProof(head=head, at=at, witness=f"the time server {server}"))
        except TOKEN_ERRORS as problem:
            problems.append((path.name, f"the token proves nothing: {problem}"))
    return proofs, problems


def find_tokens(config: Config, warc: str) -> list[HeadProof]:
    """Return what the valid tokens of the first head prove that has some and covers a file, as far as the chain tells.

    If none is valid, all of them, without a time. A token is checked once, as long as it is the same.
    """
    tokens = group_pairs((path.name[6:70], path) for path in sorted(config.warc_folder.glob("STAMP-*.tsr")))
    invalid: list[HeadProof] = []
    for path in filter(Path.is_file, config.warc_folder.glob(f"{PREFIX}*")) if tokens else ():
        state = path.stat()
        chain = _load_chain(path, state.st_size, state.st_mtime_ns)
        for head in chain.heads[chain.files.get(warc, len(chain.heads)) :]:
            found = [_read_token(one, one.stat().st_mtime_ns, config.time_authorities) for one in tokens.get(head, ())]
            if valid := [each for each in found if each.at]:
                return valid
            invalid += found
    return invalid


@lru_cache(maxsize=256)
def _read_token(path: Path, _mtime_ns: int, authorities: Path | None) -> HeadProof:
    _, head, server = path.stem.split("-", 2)
    try:
        return HeadProof(head=head, at=check_token(path, ("-digest", head), authorities), witness=server)
    except TOKEN_ERRORS:  # `verify` says why
        return HeadProof(head=head, witness=server)


@lru_cache(maxsize=16)  # of 10,000 links this takes 150 ms: once, as long as size and time are the same
def _load_chain(path: Path, _size: int, _mtime_ns: int) -> ParsedChain:
    return parse_chain(path.name, path.read_bytes())


def check_token(path: Path, of: Sequence[str | Path], authorities: Path | None) -> str:
    """Return the time of a token that is valid for a digest or query; ValueError if it is not.

    The certificate must have been valid at that time, and lead to the authorities, by default those of the system.
    """
    if (found := _TIME.search(_run_openssl("-reply", "-in", path, "-text"))) is None:
        raise ValueError("it is no granted time stamp")
    at = datetime.strptime(f"{found[1]} {found[2]}", "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    paths = ssl.get_default_verify_paths()
    trusted = authorities or paths.cafile or paths.openssl_cafile
    _run_openssl("-verify", *of, "-in", path, "-CAfile", trusted, "-attime", str(int(at.timestamp())))
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _request_token(server: str, head: str, authorities: Path | None) -> bytes:
    """Return a token for a head. ValueError if the answer is not valid, OSError if there is none in time."""
    deadline = time.monotonic() + TIMEOUT
    with TemporaryDirectory() as folder:
        query, answer = Path(folder, "query.tsq"), Path(folder, "answer.tsr")
        _run_openssl("-query", "-digest", head, "-sha256", "-cert", "-out", query)
        request = Request(server, query.read_bytes(), {"Content-Type": "application/timestamp-query"})  # noqa: S310 - the setting takes http and https only
        with urlopen(request, timeout=TIMEOUT) as response, answer.open("wb") as file:  # noqa: S310 - as above
            while (piece := response.read1(_MAX_TOKEN)) and file.tell() < _MAX_TOKEN:
                file.write(piece)
                if time.monotonic() > deadline:
                    raise TimeoutError("timed out")
        at = check_token(answer, ("-queryfile", query), authorities)
        if abs(datetime.fromisoformat(at).timestamp() - time.time()) > DAY:
            raise ValueError(f"its clock shows {at}")
        return answer.read_bytes()


def _run_openssl(*words: str | Path) -> str:
    command, environment = ["openssl", "ts", *map(str, words)], {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=TIMEOUT, env=environment)  # noqa: S603 - our own words
    except FileNotFoundError:
        raise ValueError("the command openssl, which makes and checks time stamps, is missing. Install it") from None
    if done.returncode:
        raise ValueError(done.stderr.decode(errors="replace").rpartition("routines:")[2].strip() or "openssl fails")
    return done.stdout.decode(errors="replace")
