"""Run pywb in its own environment: `python launch.py CONFIG PORT HOST...`. Imports no module of newsarchive.

pywb answers for any host name. By DNS rebinding another site could then read a private archive: only the given names
are accepted.
"""

import sys
import warnings
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any


def main(config: str, port: str, *hosts: str) -> None:
    """Serve on the loopback interface until the parent process, which holds our standard input, ends."""
    warnings.simplefilter("ignore")
    # Here and in this order: gevent must patch sockets before any is opened, and only this environment has these.
    from gevent.monkey import patch_all  # type: ignore[import-not-found,import-untyped,unused-ignore]

    patch_all()
    import gevent  # type: ignore[import-not-found,import-untyped,unused-ignore]
    import zstandard  # type: ignore[import-not-found,import-untyped,unused-ignore]
    from gevent.pywsgi import WSGIServer  # type: ignore[import-not-found,import-untyped,unused-ignore]
    from pywb.apps.frontendapp import FrontEndApp  # type: ignore[import-not-found,import-untyped,unused-ignore]
    from warcio.bufferedreaders import BufferedReader

    # pywb decodes gzip and brotli only; without this browsers get stylesheets still compressed by zstd.
    new_decompressor = zstandard.ZstdDecompressor().decompressobj
    BufferedReader.DECOMPRESSORS["zstd"] = partial(new_decompressor, read_across_frames=True)
    pywb, accepted = FrontEndApp(config_file=config), {host.lower() for host in hosts}

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if str(environ.get("HTTP_HOST", "")).partition(":")[0].lower() in accepted:
            answer: Iterable[bytes] = pywb(environ, start_response)
            return answer
        start_response("421 Misdirected Request", [("Content-Type", "text/plain")])
        return [b"This replay does not serve this host name.\n"]

    server = WSGIServer(("127.0.0.1", int(port)), app, log=None)

    def stop_with_parent() -> None:
        gevent.get_hub().threadpool.apply(sys.stdin.buffer.read)
        server.stop(timeout=1)

    gevent.spawn(stop_with_parent)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
