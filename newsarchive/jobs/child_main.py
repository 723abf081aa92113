"""`python -m newsarchive.jobs.child_main PID WORDS...`: the command line, for as long as its parent lives.

A crawl whose worker was killed must not go on: somebody else takes its site. On Linux the kernel ends it with its
parent; elsewhere it looks for its parent itself.
"""

import ctypes
import os
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1


def tie(parent: int) -> None:
    """Have this process end when its parent does."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:  # it ended before we were tied to it
        os._exit(128 + signal.SIGKILL)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    tie(int(sys.argv.pop(1)))
    from newsarchive.cli.app import main

    main()
