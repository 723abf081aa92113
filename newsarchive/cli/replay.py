"""newsarchive replay."""

from typing import Annotated, Literal

from typer import Argument, echo

from newsarchive.cli.output import print_result, stderr
from newsarchive.replay.environment import default_environment, install, remove
from storage.errors import ReplayFailure


def replay(
    action: Annotated[
        Literal["install", "status", "remove"], Argument(help="install (or reinstall), status, or remove.")
    ] = "status",
) -> None:
    """Install pywb, which replays pages with their scripts.

    pywb gets an environment of its own: in the user's data folder, or in NEWSARCHIVE_REPLAY. `newsarchive serve
    --replay` starts it.
    """
    environment = default_environment()
    if action == "install":
        install(environment, stderr().print)
    if action == "remove":
        remove(environment)
    folder, installed = environment.folder, environment.installed_version
    where = f"{installed} is installed in {folder}. To start it: newsarchive serve --replay"
    where = where if installed else f"Not installed: {folder}"
    print_result({"folder": folder, "installed": installed}, lambda: echo(where))
    if action == "status" and installed is None:
        raise ReplayFailure.create("replay-not-installed")
