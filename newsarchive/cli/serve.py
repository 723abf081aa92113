"""newsarchive serve."""

import logging
import sys
import webbrowser
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from socket import socket
from typing import Annotated

from typer import Abort, BadParameter, Option, prompt

from newsarchive.access.access_rules import check_blocked
from newsarchive.archive import Archive
from newsarchive.cli.options import HERE, Folder
from newsarchive.cli.output import print_line, print_result, stderr, stdout
from newsarchive.config.schema import MAX_PROCESSES
from newsarchive.replay import run_pywb
from newsarchive.web import server
from newsarchive.web.app import create_app
from newsarchive.web.middleware.auth import create_token, hash_secret
from newsarchive.web.serve_options import ServeOptions
from newsarchive.web.thumbnails import delete_old_thumbnails
from storage.errors import ConfigError

log = logging.getLogger(__name__)
LOG = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def serve(  # noqa: PLR0913 - every word is an option of the command line
    *,
    host: Annotated[str | None, Option(metavar="ADDRESS", help="Address to listen on.")] = None,
    port: Annotated[int | None, Option(min=0, max=65535, help="Port to listen on; 0: any free port.")] = None,
    auth: Annotated[bool, Option("--auth", help="Require a name and password, or a token.")] = False,
    public: Annotated[bool, Option("--public", help="Allow a public address without authentication.")] = False,
    open_: Annotated[bool, Option("--open", help="Open a web browser.")] = False,
    replay: Annotated[bool, Option("--replay", help="Start pywb too, which replays pages with their scripts.")] = False,
    replay_port: Annotated[int | None, Option(min=1, max=65535, help="Port of pywb; by default the next one.")] = None,
    log_requests: Annotated[bool, Option("--log-requests", help="Log every request.")] = False,
    hash_password: Annotated[bool, Option("--hash-password", help="Ask for a password and print its hash.")] = False,
    new_token: Annotated[bool, Option("--new-token", help="Print a new token, and its hash for the settings.")] = False,
    workers: Annotated[
        int | None, Option(min=1, max=MAX_PROCESSES, help="Processes that serve, one for each core.")
    ] = None,
    cert: Annotated[Path | None, Option(metavar="FILE", help="Serve over TLS with this certificate (PEM).")] = None,
    key: Annotated[Path | None, Option(metavar="FILE", help="Private key, if not in the same file.")] = None,
    archive: Folder = HERE,
) -> None:
    """Serve the archive to web browsers: search, read, compare, replay.

    Runs until Ctrl-C or SIGTERM. By default it listens on the loopback interface; any other address requires --auth or
    --public.
    """
    if hash_password:
        print_password_hash()
        return
    if new_token:
        token, hashed = create_token()
        advice = f"Add it below [serve.tokens] in newsarchive.toml. Give to the program: {token}"
        print_hash({"hash": hashed, "token": token}, advice)
        return
    if sys.stderr.isatty():
        print_line(stderr(), f"Opening the archive in {archive.absolute()}", "dim")
    logging.basicConfig(stream=sys.stderr, level=logging.INFO if log_requests else logging.WARNING, format=LOG)
    with Archive.open_to_read(archive) as opened:
        check_blocked(opened)
        given = {"host": host, "port": port, "workers": workers, "auth": auth, "public": public}
        asked = ServeOptions.from_config(opened.config.serve, **given, cert=cert, key=key).validate()
        run_server(opened, asked, replay=replay, replay_port=replay_port, open_=open_, log_all=log_requests)


def run_server(
    archive: Archive, options: ServeOptions, *, replay: bool, replay_port: int | None, open_: bool, log_all: bool
) -> None:
    """Serve until Ctrl-C or SIGTERM, with pywb beside the server if asked."""
    if replay and options.cert is not None:
        raise ConfigError.create("replay-and-cert")
    server.load_certificate(options)
    if options.sends_secrets_in_clear:
        log.warning(
            "Passwords, tokens and pages cross the network unencrypted: others on the way can read them. Encrypt with "
            "--cert FILE, or behind a proxy with TLS, named in trusted_proxies of newsarchive.toml"
        )
    with server.bind_socket(options.host, options.port) as listening:
        served = replace(options, port=listening.getsockname()[1])
        with run_pywb(archive, served, port=replay_port) if replay else nullcontext(served) as final:
            ready = partial(report_ready, archive, final, listening, open_=open_)
            app = create_app(archive, final)
            delete_old_thumbnails(archive.folder)
            server.run(app, final, listening, ready, log_all=log_all)


def report_ready(archive: Archive, options: ServeOptions, listening: socket, *, open_: bool) -> None:
    """Print the URL of the server, and open it in a web browser if asked."""
    where = options.public_url or server.server_url(listening, encrypted=options.cert is not None)
    line = f"Serving the archive in {archive.folder} at {where} (Ctrl-C to stop)"
    print_result({"url": where, "folder": archive.folder}, lambda: print_line(stdout(), line))
    sys.stdout.flush()
    if open_:
        webbrowser.open(where)


def print_password_hash() -> None:
    """Read a password (on a terminal twice, else a line of standard input) and print its hash."""
    ask = partial(prompt, "Password", hide_input=True, confirmation_prompt=True, err=True)
    secret = ""
    try:
        secret = ask() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    except Abort as end:
        if not isinstance(end.__context__, EOFError):
            raise
    if not secret:
        problem = "no password was read; no hash was made. Write one, or give it as a line of standard input"
        raise BadParameter(problem, param_hint="--hash-password")
    advice = "Add it below [serve.users] in newsarchive.toml, with a name in place of NAME."
    print_hash({"hash": hash_secret(secret)}, advice)


def print_hash(made: dict[str, str], advice: str) -> None:
    """Print the setting of a hash; only this line goes to standard output, so that it can be appended to the file."""
    print_result(made, lambda: print(f'NAME = "{made["hash"]}"'))
    print(advice, file=sys.stderr)
