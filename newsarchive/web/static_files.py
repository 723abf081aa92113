"""Stylesheets and scripts. Their URLs carry a digest of the file, so that browsers may cache them for ever."""

import hashlib
from functools import lru_cache
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).parent / "static"
IMMUTABLE = "public, max-age=31536000, immutable"
SHORT_LIVED = "public, max-age=300"


class StaticAssets(StaticFiles):
    """Files of the folder static/, mounted at /static."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file with its Cache-Control header."""
        response = await super().get_response(path, scope)
        has_digest = response.status_code < 400 and static_url(path).endswith(
            f"?{scope['query_string'].decode('latin-1')}"
        )
        response.headers["cache-control"] = IMMUTABLE if has_digest else SHORT_LIVED
        return response


@lru_cache(maxsize=64)
def static_url(name: str) -> str:
    """Return the URL of a file in static/."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"
