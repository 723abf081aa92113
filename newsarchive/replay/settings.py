"""What pywb is told: one collection, whose index is our /cdx and whose records are our WARC files."""

import json
from dataclasses import dataclass
from pathlib import Path

COLLECTION = "archive"
CSP = (
    "default-src 'unsafe-eval' 'unsafe-inline' 'self' data: blob: mediastream:; form-action 'self'; "
    "object-src 'none'; frame-ancestors 'self'"
)
"""For archived pages: their scripts run and reach nothing but the replay. pywb's own policy lets ws: and wss: out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaySettings:
    """What pywb has to know."""

    index: str
    """Address of our server, for pywb itself; name and password may stand in it."""
    warc_folder: Path
    timeout: int = 5
    """Seconds that pywb waits for our index: else an index that does not answer looks like a page never archived."""


def config(settings: ReplaySettings) -> str:
    """Pywb's config.yaml; JSON is YAML, and leaves nothing to quoting."""
    # `{limit}` hands on the limits of pywb's fuzzy queries; ours caps them anyway. The file name decides which of the
    # two places has a record: a file that is being written has another name in the folder, and comes by HTTP.
    query = "url={url}&closest={closest}&sort=closest&from={from}&to={to}&limit={limit}"
    told = {
        "enable_auto_colls": False,
        "framed_replay": True,
        "enable_memento": True,
        # pywb's own index pages show where records lie; ours are there for that.
        "cdx_api_endpoint": "",
        "csp-header": CSP,
        "collections": {
            COLLECTION: {
                "index_group": {
                    "newsarchive": {
                        "type": "cdx", "api_url": f"{settings.index}/cdx?{query}", "replay_url": ""
                    }
                },
                "timeout": settings.timeout,
                "archive_paths": [f"{settings.warc_folder}/", f"{settings.index}/warcs/"],
            }
        },
    }  # fmt: skip
    return json.dumps(told, indent=2)
