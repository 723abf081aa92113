"""Names of cipher suites. WARC-Cipher-Suite has IANA's, OpenSSL up to TLS 1.2 gives its own."""

import re

_OPENSSL = re.compile(
    r"(?:(?P<exchange>(?:EC)?DHE)-(?P<proof>RSA|ECDSA|DSS)-)?(?P<cipher>AES(?:128|256)|CAMELLIA(?:128|256)|CHACHA20)"
    r"-(?:(?P<mode>GCM|CCM8?)-?|(?P<poly>POLY1305))?(?P<mac>SHA(?:256|384)?)?"
)


def iana_name(name: str | None) -> str | None:
    """IANA's name of a suite; None where there is none to be sure of.

    >>> iana_name("ECDHE-RSA-AES128-GCM-SHA256"), iana_name("TLS_AES_256_GCM_SHA384"), iana_name("AES256-SHA")
    ('TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_RSA_WITH_AES_256_CBC_SHA')
    >>> iana_name("ECDHE-ECDSA-CHACHA20-POLY1305"), iana_name("GOST2012-GOST8912")
    ('TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', None)
    """
    if name is None or name.startswith("TLS_"):
        return name
    found = _OPENSSL.fullmatch(name)
    if not found:
        return None
    keys = f"{found['exchange']}_{found['proof']}" if found["exchange"] else "RSA"
    if found["poly"]:
        return f"TLS_{keys}_WITH_CHACHA20_POLY1305_SHA256"
    cipher = re.sub(r"(?<=\D)(\d+)", r"_\1", found["cipher"])
    if found["mode"] and found["mode"].startswith("CCM"):
        return f"TLS_{keys}_WITH_{cipher}_{found['mode'].replace('CCM8', 'CCM_8')}"
    return f"TLS_{keys}_WITH_{cipher}_{found['mode'] or 'CBC'}_{found['mac']}"
