"""Makes a bucket on the server of radosgw.sh, which obstore does not do: `make_bucket.py ENDPOINT NAME [LOCK]`.

LOCK is the configuration of an object lock, or of versions, in XML; a bucket that exists gets it.

A request is signed as S3 wants it (AWS Signature Version 4), with the keys that the environment names.
"""

import base64
import hashlib
import hmac
import os
import sys
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime

REGION = "us-east-1"


def request(
    endpoint: str, name: str, keys: Mapping[str, str], now: datetime, *, locks: bool = False, lock: bytes = b""
) -> urllib.request.Request:
    """A request that makes a bucket, which can have a lock, or gives it one.

    `keys` are named as Amazon's tools name them.
    """
    query = ("versioning" if b"<VersioningConfiguration" in lock else "object-lock") if lock else ""
    at, digest = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}", hashlib.sha256(lock).hexdigest()
    headers = {"host": endpoint.removeprefix("http://"), "x-amz-content-sha256": digest, "x-amz-date": at}
    headers["content-md5"] = base64.b64encode(hashlib.md5(lock).digest()).decode()
    if locks:
        headers["x-amz-bucket-object-lock-enabled"] = "true"
    names = ";".join(sorted(headers))
    named = "".join(f"{field}:{headers[field]}\n" for field in sorted(headers))
    asked = f"PUT\n/{name}\n{query}{'=' if query else ''}\n{named}\n{names}\n{digest}"
    scope = f"{at[:8]}/{REGION}/s3/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{hashlib.sha256(asked.encode()).hexdigest()}"
    key = f"AWS4{keys['AWS_SECRET_ACCESS_KEY']}".encode()
    for part in (*scope.split("/"), to_sign):
        signature = hmac.new(key, part.encode(), hashlib.sha256)
        key = signature.digest()
    who = f"Credential={keys['AWS_ACCESS_KEY_ID']}/{scope}, SignedHeaders={names}, Signature={signature.hexdigest()}"
    headers["Authorization"] = f"AWS4-HMAC-SHA256 {who}"
    return urllib.request.Request(f"{endpoint}/{name}?{query}", lock or None, method="PUT", headers=headers)


if __name__ == "__main__":
    _, where, bucket, *locks = sys.argv
    for body in ("", *locks):
        asked = request(
            where, bucket, os.environ, datetime.now(UTC), locks="<ObjectLock" in "".join(locks), lock=body.encode()
        )
        urllib.request.urlopen(asked, timeout=30).close()
