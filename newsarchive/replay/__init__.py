"""Replay with scripts: pywb, in an environment and a process of its own, reading /cdx and /warcs/ of this server.

    environment.py  virtual environment, made by `newsarchive replay install`; pywb is never a dependency
    launch.py       program that runs in that environment
    process.py      configures, starts, supervises and stops it: `run_pywb` is used by `newsarchive serve --replay`

pywb is under the GPL and needs a brotli that conflicts with ours; archived scripts need a host of their own.
"""

from newsarchive.replay.process import run_pywb

__all__ = ["run_pywb"]
