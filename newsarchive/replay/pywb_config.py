"""Configuration of pywb: one collection that uses /cdx as its index and the WARC files for records."""

import json
from dataclasses import dataclass
from pathlib import Path

COLLECTION = "archive"
CSP = (
    "default-src 'unsafe-eval' 'unsafe-inline' 'self' data: blob: mediastream:; form-action 'self'; "
    "object-src 'none'; frame-ancestors 'self'"
)
"""Policy of archived pages: scripts run, and connect to the replay only. pywb's default allows ws: and wss:."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PywbSettings:
    """Parameters of the configuration."""

    index: str
    """URL of this server for pywb; may contain user name and password."""
    warc_folder: Path
    timeout: int = 5
    """Seconds that pywb waits for the index; after that a page would seem not to be archived."""


def format_config(settings: PywbSettings) -> str:
    """Return config.yaml of pywb, as JSON, which is valid YAML."""
    # `{limit}` passes the limits of pywb's fuzzy queries. The file name decides which of the two archive paths has a
    # record: a file that is being written has another name in the folder and is read over HTTP.
    query = "url={url}&closest={closest}&sort=closest&from={from}&to={to}&limit={limit}"
    settings_yaml = {
        "enable_auto_colls": False,
        "framed_replay": True,
        "enable_memento": True,
        # pywb's own CDX API would disclose record locations; /cdx obeys the access rules.
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
    return json.dumps(settings_yaml, indent=2)
