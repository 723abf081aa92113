"""`python -m newsarchive`, the same as `newsarchive`."""

from newsarchive.cli.app import main

if __name__ == "__main__":
    main()
