"""A stream of JSON documents, one a line, as a watch gives them: bounded, and ended by whatever ends it."""

from collections.abc import Iterator
from typing import Any

LONGEST = 8 << 20
"""Bytes of one line; the API server takes no object above 3 MiB."""


def lines(reply: Any) -> Iterator[Any]:
    """Yield the documents of an answer as they come; a line that is no JSON, or is too long, ends it.

    `reply` is urllib3's, its body not read yet. It is closed in the end, however that comes.
    """
    import orjson
    from urllib3.exceptions import HTTPError

    kept = b""
    try:
        while piece := reply.read1(1 << 16):
            *whole, kept = (kept + piece).split(b"\n")
            for line in whole:
                if line.strip():
                    yield orjson.loads(line)
            if len(kept) > LONGEST:
                return
    except (HTTPError, OSError, ValueError):
        return
    finally:
        reply.close()
