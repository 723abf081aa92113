"""The credentials file of Amazon's tools, which obstore itself does not read: ~/.aws/credentials, by profile.

What stands in the environment goes first, and is obstore's own to read; so is the role of the machine, which is asked
where neither says anything.
"""

import configparser
import os
from pathlib import Path

_GIVEN = ("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
          "AWS_CONTAINER_CREDENTIALS_FULL_URI")  # fmt: skip
_NAMES = {
    "aws_access_key_id": "access_key_id",
    "aws_secret_access_key": "secret_access_key",
    "aws_session_token": "session_token",
}


def shared_credentials() -> dict[str, str]:
    """What the chosen profile (AWS_PROFILE, else `default`) says, as obstore calls it; {} where it says nothing."""
    if any(os.environ.get(name) for name in _GIVEN):
        return {}
    file = Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials").expanduser()
    profiles = configparser.RawConfigParser()
    try:
        profiles.read(file, "utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError):
        return {}
    profile = os.environ.get("AWS_PROFILE") or "default"
    said = profiles[profile] if profiles.has_section(profile) else {}
    return {ours: said[theirs] for theirs, ours in _NAMES.items() if theirs in said}
