"""The command `newsarchive`, and `python -m newsarchive`."""

import os
import signal


def main() -> None:
    """Run the command line, unless another module shadows one of our packages."""
    # Importing what follows takes a tenth of a second and more. A background job of a shell ignores SIGINT.
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, end_at_once)
    from newsarchive.startup import exit_if_shadowed

    exit_if_shadowed()
    from newsarchive.cli import app  # needs storage, which may be another module until here

    app.main()


def end_at_once(number: int, _: object) -> None:
    """End the process at a signal that arrives before the command has begun."""
    os.write(2, b"\nnewsarchive: interrupted; nothing was done\n")
    os._exit(128 + number)


if __name__ == "__main__":
    main()
