"""Runs pywb, in pywb's own environment: `python launch.py CONFIG PORT HOST...`. Imports nothing of ours.

pywb answers to any host name. A page elsewhere whose name leads to this machine could then read a private archive: only
the names given are answered.
"""

import sys
import warnings
from collections.abc import Callable, Iterable
from typing import Any

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def guarded(app: App, hosts: frozenset[str]) -> App:
    """The application for those host names alone."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        name = str(environ.get("HTTP_HOST", "")).partition(":")[0]
        if name.lower() not in hosts:
            start_response("421 Misdirected Request", [("Content-Type", "text/plain")])
            return [b"This replay is not known by that name.\n"]
        return app(environ, start_response)

    return answer


def read_zstd() -> None:
    """Have pywb undo zstd, as it undoes gzip and brotli: else a stylesheet in zstd reaches browsers as it is."""
    import zstandard  # type: ignore[import-not-found,import-untyped,unused-ignore]
    from warcio.bufferedreaders import BufferedReader

    def decompressor() -> Any:
        return zstandard.ZstdDecompressor().decompressobj(read_across_frames=True)

    BufferedReader.DECOMPRESSORS["zstd"] = decompressor


def main(config: str, port: str, *hosts: str) -> None:
    """Serve on this machine alone, until the process that started this one ends: it holds our standard input."""
    warnings.simplefilter("ignore")
    # Imported here and in this order: sockets have to be gevent's before anything opens one, and nothing but this
    # environment has these packages.
    from gevent.monkey import patch_all  # type: ignore[import-not-found,import-untyped,unused-ignore]

    patch_all()
    import gevent  # type: ignore[import-not-found,import-untyped,unused-ignore]
    from gevent.pywsgi import WSGIServer  # type: ignore[import-not-found,import-untyped,unused-ignore]
    from pywb.apps.frontendapp import FrontEndApp  # type: ignore[import-not-found,import-untyped,unused-ignore]

    read_zstd()
    app = guarded(FrontEndApp(config_file=config), frozenset(host.lower() for host in hosts))
    server = WSGIServer(("127.0.0.1", int(port)), app, log=None)

    def until_parent_ends() -> None:
        gevent.get_hub().threadpool.apply(sys.stdin.buffer.read)
        server.stop(timeout=1)

    gevent.spawn(until_parent_ends)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
