"""Start of newsarchive's processes: no other module shadows its packages, and children share their parent's path."""

import ctypes
import json
import os
import resource
import runpy
import signal
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("storage", "spiders")
"""Top-level packages of newsarchive whose names other modules may have."""
CONFIG_ERROR = 2
"""Exit code of storage.errors.ConfigError, which cannot be imported while `storage` is another module."""
PR_SET_PDEATHSIG = 1
_DESCRIPTORS = 8_192  # file descriptors that the process may open if the system allows it
_CHILD = """
import sys
import json
sys.path[:] = json.loads(sys.argv.pop())
from pkgutil import resolve_name
resolve_name(sys.argv.pop(1))(sys.argv[1:])
"""


def exit_if_shadowed() -> None:
    """End the process with a message if a module of the user's is imported instead of a package of newsarchive."""
    root = Path(__file__).parent.parent.resolve()
    for package in PACKAGES:
        try:
            spec = find_spec(package)
        except ValueError:  # a module without a specification, made by a program
            continue
        if spec is not None and spec.origin and Path(spec.origin).resolve() != root / package / "__init__.py":
            print(
                f"newsarchive: {spec.origin} is imported instead of newsarchive's package {package!r}; nothing was "
                "done. Rename it, or keep its folder out of Python's import path: run newsarchive in another folder, "
                "with --archive FOLDER, and check PYTHONPATH",
                file=sys.stderr,
            )
            sys.exit(CONFIG_ERROR)


def raise_descriptor_limit() -> int:
    """Let the process open more files if the system allows it, and return how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return _DESCRIPTORS
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(_DESCRIPTORS, hard)
    if soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            return wanted
    return soft


def child_command(entry: str, *arguments: str) -> list[str]:
    """Return the command that calls a function ("module:name") with arguments, in a process with our import path.

    `python -m` would search the working directory first, where a module may have the name of one of ours.
    """
    return [sys.executable, "-c", _CHILD, entry, *arguments, json.dumps(sys.path)]


def end_with_parent(parent: int) -> None:
    """Have this process killed when its parent, of that process id, ends: by the kernel on Linux, else by a thread."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_kill_without_parent, args=(parent,), daemon=True).start()
    if os.getppid() != parent:  # it ended before the call
        os._exit(128 + signal.SIGKILL)


def _kill_without_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)


def run_command_line(arguments: Sequence[str]) -> None:
    """Run a command line in this process for as long as its parent lives. Arguments: the parent's id, the words.

    A crawl whose worker was killed must not go on: another worker takes its site.
    """
    parent, *words = arguments
    end_with_parent(int(parent))
    sys.argv[1:] = words
    runpy.run_module("newsarchive", run_name="__main__")
