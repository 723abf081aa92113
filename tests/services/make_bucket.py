"""Makes a bucket on the server of radosgw.sh, which obstore does not do: `make_bucket.py ENDPOINT NAME`.

The request is signed as S3 wants it (AWS Signature Version 4), with the keys that the environment names.
"""

import hashlib
import hmac
import os
import sys
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime

REGION = "us-east-1"


def request(endpoint: str, name: str, keys: Mapping[str, str], now: datetime) -> urllib.request.Request:
    """A request that makes a bucket; `keys` are named as Amazon's tools name them."""
    at, empty = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}", hashlib.sha256(b"").hexdigest()
    names = "host;x-amz-content-sha256;x-amz-date"
    host = endpoint.removeprefix("http://")
    asked = f"PUT\n/{name}\n\nhost:{host}\nx-amz-content-sha256:{empty}\nx-amz-date:{at}\n\n{names}\n{empty}"
    scope = f"{at[:8]}/{REGION}/s3/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{hashlib.sha256(asked.encode()).hexdigest()}"
    key = f"AWS4{keys['AWS_SECRET_ACCESS_KEY']}".encode()
    for part in (*scope.split("/"), to_sign):
        signature = hmac.new(key, part.encode(), hashlib.sha256)
        key = signature.digest()
    who = f"Credential={keys['AWS_ACCESS_KEY_ID']}/{scope}, SignedHeaders={names}, Signature={signature.hexdigest()}"
    headers = {"x-amz-date": at, "x-amz-content-sha256": empty, "Authorization": f"AWS4-HMAC-SHA256 {who}"}
    return urllib.request.Request(f"{endpoint}/{name}", method="PUT", headers=headers)


if __name__ == "__main__":
    _, where, bucket = sys.argv
    urllib.request.urlopen(request(where, bucket, os.environ, datetime.now(UTC)), timeout=30).close()
