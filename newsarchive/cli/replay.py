"""newsarchive replay."""

from typing import Annotated, Literal

from typer import Argument, echo

from newsarchive.cli.output import print_result, stderr
from newsarchive.replay.environment import ReplayEnvironment, default_environment, install, remove
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
    facts = {"folder": environment.folder, "installed": environment.installed_version}
    print_result(facts, lambda: _print(environment, action))


def _print(environment: ReplayEnvironment, action: str) -> None:
    if environment.installed_version is None:
        if action == "status":
            raise ReplayFailure(
                "pywb is not installed; pages are replayed without scripts. Install it with: newsarchive replay install"
            )
        echo(f"Not installed: {environment.folder}")
    else:
        where = f"{environment.installed_version} is installed in {environment.folder}"
        echo(f"{where}. To start it: newsarchive serve --replay")
