"""newsarchive serve."""

import logging
import sys
import webbrowser
from contextlib import nullcontext
from dataclasses import replace
from typing import Annotated

import typer

from newsarchive.archive import Archive
from newsarchive.cli.options import HERE, Folder
from newsarchive.cli.output import cell, stdout
from newsarchive.replay import running
from newsarchive.web import server
from newsarchive.web.app import create_app
from newsarchive.web.middleware.auth import hashed
from newsarchive.web.serve_options import Serving


def serve(  # noqa: PLR0913 - every word is an option of the command line
    *,
    host: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Address to listen at, instead of the one in newsarchive.toml."),
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen at; 0 takes one that is free.")
    ] = None,
    auth: Annotated[bool, typer.Option("--auth", help="Ask for a name and password, or a token.")] = False,
    public: Annotated[bool, typer.Option("--public", help="Let everybody read who reaches the address.")] = False,
    open_: Annotated[bool, typer.Option("--open", help="Open a web browser there.")] = False,
    replay: Annotated[
        bool, typer.Option("--replay", help="Run pywb beside it, which replays pages with their scripts.")
    ] = False,
    replay_port: Annotated[
        int | None, typer.Option(min=1, max=65535, metavar="PORT", help="Port of pywb; the next one by default.")
    ] = None,
    log_requests: Annotated[bool, typer.Option("--log-requests", help="Write a line for each request.")] = False,
    hash_password: Annotated[
        bool, typer.Option("--hash-password", help="Ask for a password and print the line for newsarchive.toml.")
    ] = False,
    archive: Folder = HERE,
) -> None:
    """Open the archive in a web browser: search, read, compare, replay.

    Runs until Ctrl-C or SIGTERM. It listens on this machine alone; an address that others can reach wants --auth or
    --public.
    """
    if hash_password:
        print_hash()
        return
    logging.basicConfig(stream=sys.stderr, level=logging.INFO if log_requests else logging.WARNING, format=LOG)
    with Archive.open_to_read(archive) as opened:
        asked = Serving.of(opened.config.serve)
        asked = replace(
            asked,
            host=asked.host if host is None else host,
            port=asked.port if port is None else port,
            auth=auth,
            public=public,
        ).checked()
        with server.bound(asked.host, asked.port) as listening:
            served = replace(asked, port=listening.getsockname()[1])
            with running(opened, served, port=replay_port) if replay else nullcontext(served) as final:
                where = final.base_url or server.address(listening)

                def ready() -> None:
                    said = f"The archive in {opened.folder} is open at {where} (Ctrl-C closes it)"
                    stdout().print(cell(said), soft_wrap=True)
                    if open_:
                        webbrowser.open(where)

                server.run(create_app(opened, final), final, listening, ready, log_all=log_requests)


LOG = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def print_hash() -> None:
    """Ask for a password (on a terminal twice, else a line of standard input) and print what stands for it."""
    if sys.stdin.isatty():
        secret = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        secret = sys.stdin.readline().rstrip("\r\n")
    if not secret:
        raise typer.BadParameter("the password is empty; nothing was made", param_hint="--hash-password")
    # Nothing but the line goes to standard output, so that it can be appended to the file.
    print(f'NAME = "{hashed(secret)}"')
    print("Write it below [serve.users] or [serve.tokens] of newsarchive.toml, with a name for NAME.", file=sys.stderr)
