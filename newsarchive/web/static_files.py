"""Our own stylesheets and scripts. Pages name each with a digest of its bytes: browsers may keep it for good."""

import hashlib
from functools import lru_cache
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).parent / "static"
FOR_GOOD = "public, max-age=31536000, immutable"
FOR_NOW = "public, max-age=300"


class Assets(StaticFiles):
    """The folder static/, mounted at /static."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """One file, with how long it may be kept."""
        answer = await super().get_response(path, scope)
        named = scope.get("query_string", b"").startswith(b"v=")
        answer.headers["cache-control"] = FOR_GOOD if named else FOR_NOW
        return answer


@lru_cache(maxsize=64)
def asset(name: str) -> str:
    """Address of a file in static/."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"
