"""Bytes as people look at them: offsets, hexadecimal digits, and what is printable."""


def dump(data: bytes, width: int = 16) -> str:
    """Return a hexadecimal dump.

    >>> print(dump(b"<html>"))
    00000000  3c 68 74 6d 6c 3e                                <html>
    """
    lines = []
    for at in range(0, len(data), width):
        row = data[at : at + width]
        digits = " ".join(f"{byte:02x}" for byte in row)
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{at:08x}  {digits:<{width * 3}} {text}")
    return "\n".join(lines)
