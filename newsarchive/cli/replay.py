"""newsarchive replay."""

from enum import StrEnum
from typing import Annotated

import typer

from newsarchive.cli.options import Json
from newsarchive.cli.output import as_json, stderr
from newsarchive.replay.environment import default_environment, install, remove
from storage.errors import ReplayFailure


class Action(StrEnum):
    """What is done."""

    INSTALL = "install"
    STATUS = "status"
    REMOVE = "remove"


def replay(
    action: Annotated[
        Action, typer.Argument(help="install: make it, or make it anew; status; remove.")
    ] = Action.STATUS,
    *,
    as_data: Json = False,
) -> None:
    """Install what replays pages with their scripts.

    That is pywb, in an environment of its own: in the user's data folder, or where NEWSARCHIVE_REPLAY says.
    `newsarchive serve --replay` starts it.
    """
    environment = default_environment()
    if action is Action.INSTALL:
        console = stderr()
        install(environment, console.print)
    if action is Action.REMOVE:
        remove(environment)
    if as_data:
        typer.echo(as_json({"folder": str(environment.folder), "installed": environment.installed}))
        return
    if environment.installed is None:
        if action is Action.STATUS:
            raise ReplayFailure(
                "pywb is not installed; pages are shown without their scripts. "
                "Install it with: newsarchive replay install"
            )
        typer.echo(f"Nothing is installed in {environment.folder}")
        return
    typer.echo(f"{environment.installed} is installed in {environment.folder}. To use it: newsarchive serve --replay")
