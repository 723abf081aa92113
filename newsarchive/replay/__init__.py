"""Replay with scripts: pywb, in an environment and a process of its own, fed by our /cdx and /warcs/.

    environment.py  the environment: made by `newsarchive replay install`, never a dependency of ours
    settings.py     what pywb is told                       launch.py   what runs in that environment
    process.py      starts it, watches it, stops it: `running` is what `newsarchive serve --replay` calls

pywb is under the GPL and brings an old brotli that breaks ours in a shared environment; archived scripts want a host of
their own, from which nothing of the archive's pages can be reached.
"""

from newsarchive.replay.process import running

__all__ = ["running"]
