"""Python's garbage collector, kept off where it would only cost."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the garbage collector off while millions of dicts are made: it would look at each again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # what was made lives until the end; walking it once more would cost as much as making it
        if was_on:
            gc.enable()
