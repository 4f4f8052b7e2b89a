"""Bodies as they go over the wire: also those that no browser would write."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True)
class File:
    """A part of a form that says it is a file."""

    name: str
    content: bytes


Value = str | File
Fields = Sequence[tuple[str, Value]]
BOUNDARY = "fuzz-boundary"


def raw(text: str) -> bytes:
    """UTF-8, and half a pair of surrogates as if there were such a character."""
    return text.encode("utf-8", "surrogatepass")


def quoted(text: str) -> str:
    return quote(raw(text), safe="")


def body_of(fields: Fields) -> tuple[str, bytes]:
    """Content type and body. As a browser does it: with files among them in parts."""
    if any(isinstance(value, File) for _name, value in fields):
        return f"multipart/form-data; boundary={BOUNDARY}", _in_parts(fields)
    return "application/x-www-form-urlencoded", query_of(fields).encode()


def query_of(fields: Fields) -> str:
    texts = [(name, value) for name, value in fields if isinstance(value, str)]
    return "&".join(f"{quoted(name)}={quoted(value)}" for name, value in texts)


def _in_parts(fields: Fields) -> bytes:
    parts = b""
    for name, value in fields:
        head = b'Content-Disposition: form-data; name="' + raw(name) + b'"'
        content = value.content if isinstance(value, File) else raw(value)
        if isinstance(value, File):
            head += b'; filename="' + raw(value.name) + b'"\r\nContent-Type: text/csv'
        parts += f"--{BOUNDARY}\r\n".encode() + head + b"\r\n\r\n" + content + b"\r\n"
    return parts + f"--{BOUNDARY}--\r\n".encode()
