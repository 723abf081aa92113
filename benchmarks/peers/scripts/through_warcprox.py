"""Start warcprox, run a client through it, and stop it: what both took together is what the benchmark measures.

    python through_warcprox.py FOLDER COMMAND ...

In the command's words, {proxy} stands for the proxy's address.
"""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

PATIENCE = 30
"""Seconds until the proxy listens at the latest."""


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def wait_for(port: int, proxy: "subprocess.Popen[bytes]") -> None:
    """Return once somebody listens there."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and proxy.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    sys.exit("warcprox did not start")


def main(folder: Path, command: list[str]) -> int:
    """Run both; the exit status is the client's, or the proxy's where that is none."""
    port = free_port()
    words = [str(Path(sys.executable).with_name("warcprox")), "--address", "127.0.0.1", "--port", str(port)]
    words += ["--gzip", "--dir", str(folder / "warcs"), "--cacert", str(folder / "ca.pem")]
    words += ["--certs-dir", str(folder / "certs"), "--dedup-db-file", str(folder / "dedup.sqlite")]
    words += ["--stats-db-file", "/dev/null"]
    with subprocess.Popen(words, cwd=folder) as proxy:
        wait_for(port, proxy)
        client = subprocess.run([word.replace("{proxy}", f"http://127.0.0.1:{port}") for word in command], check=False)
        # It writes what it still holds before it ends.
        proxy.send_signal(signal.SIGTERM)
        ended = proxy.wait()
    return client.returncode or ended


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
