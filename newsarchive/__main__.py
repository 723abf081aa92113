"""The command `newsarchive`, and `python -m newsarchive`."""

from newsarchive.startup import exit_if_shadowed


def main() -> None:
    """Run the command line, unless another module shadows one of our packages."""
    exit_if_shadowed()
    from newsarchive.cli import app  # needs storage, which may be another module until here

    app.main()


if __name__ == "__main__":
    main()
