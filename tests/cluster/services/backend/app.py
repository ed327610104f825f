"""todo-backend: a FastAPI service with `/`, `/health` and `/ready`, and switches in its environment to misbehave.

PORT (8000)           where it listens
REQUIRE_ENV NAME      that variable must be set, as a service needs its configuration
START_DELAY S         listen only after S seconds
MEMORY_LEAK_MB N      allocate N MB after the start, a little at a time, MEMORY_LEAK_RATE (160) MB a second
BURN_CPU 1            keep one core busy
CRASH CODE            log an exception and end with that code, CRASH_AFTER seconds after the start
EXIT_CODE CODE        end with that code right away and without a word; EXIT_CLEAN 1: with 0
READY_FAIL 1          /ready answers 503, READY_FAIL_AFTER S: only after S seconds
LIVE_FAIL 1           /health answers 500, LIVE_FAIL_AFTER S: only after S seconds
HANG 1                take every request and never answer
LOG_EXCEPTION 1       log a traceback every few seconds, and go on
IGNORE_TERM 1         refuse to end when asked to
FOLLOW_BACKEND 1      /ready asks BACKEND_URL's /ready too
"""

import asyncio
import os
import signal
import sys
import threading
import time
import traceback
import urllib.request

import uvicorn
from fastapi import FastAPI, HTTPException

MEGABYTE = 1 << 20
STARTED = time.monotonic()

app = FastAPI(title="todo-backend")


def fails(switch: str) -> bool:
    """Return whether a probe is to fail by now."""
    after = os.environ.get(f"{switch}_AFTER")
    late = after is not None and time.monotonic() - STARTED > float(after)
    return bool(os.environ.get(switch)) or late


@app.middleware("http")
async def hang(request, call_next):  # type: ignore[no-untyped-def]
    """Never answer, when asked to."""
    if os.environ.get("HANG"):
        await asyncio.sleep(3600)
    return await call_next(request)


@app.get("/")
def todos() -> list[str]:
    """Return what is to be done."""
    return ["write the blueprint", "install the chart"]


@app.get("/health")
def health() -> dict[str, str]:
    """Say that the process lives."""
    if fails("LIVE_FAIL"):
        raise HTTPException(500, "unhealthy")
    return {"status": "ok"}


@app.get("/ready")
def ready() -> dict[str, str]:
    """Say that it can serve."""
    if fails("READY_FAIL") or not followed_is_ready():
        raise HTTPException(503, "not ready")
    return {"status": "ready"}


def followed_is_ready() -> bool:
    """Return whether the service this one needs answers, where it was told to look."""
    if os.environ.get("FOLLOW_BACKEND") != "1":
        return True
    try:
        with urllib.request.urlopen(os.environ["BACKEND_URL"] + "/ready", timeout=1) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def leak(megabytes: int) -> None:
    """Allocate and keep that much memory."""
    pause = 8 / float(os.environ.get("MEMORY_LEAK_RATE", "160"))
    kept = []
    for _ in range(megabytes // 8):
        kept.append(bytearray(os.urandom(MEGABYTE)) * 8)
        time.sleep(pause)
    time.sleep(3600)


def crash(code: int) -> None:
    """Log an exception as a real service would, and end with that code."""
    time.sleep(float(os.environ.get("CRASH_AFTER", "0")))
    complain()
    os._exit(code)


def complain(*_: object) -> None:
    """Log an exception with its traceback."""
    try:
        raise RuntimeError('database migration 0042 failed: relation "todos" already exists')
    except RuntimeError:
        traceback.print_exc()


def complain_again(_: int) -> None:
    """Log an exception every few seconds."""
    while True:
        complain()
        time.sleep(5)


def burn(_: int) -> None:
    """Keep one core busy."""
    while True:
        sum(range(10_000))


TASKS = (("MEMORY_LEAK_MB", leak), ("CRASH", crash), ("LOG_EXCEPTION", complain_again), ("BURN_CPU", burn))


def main() -> None:
    """Start, misbehaving as asked."""
    required = os.environ.get("REQUIRE_ENV")
    if required:
        os.environ[required]
    if os.environ.get("EXIT_CLEAN") or os.environ.get("EXIT_CODE"):
        sys.exit(int(os.environ.get("EXIT_CODE", "0")))
    time.sleep(float(os.environ.get("START_DELAY", "0")))
    for name, task in TASKS:
        if os.environ.get(name):
            threading.Thread(target=task, args=(int(os.environ[name]),), daemon=True).start()
    serve(int(os.environ.get("PORT", "8000")))


def serve(port: int) -> None:
    """Serve until asked to end; beside the main thread, where no signal reaches it, when it is to refuse."""
    print(f"listening on {port}", flush=True)
    server = uvicorn.Server(uvicorn.Config(app, host="0.0.0.0", port=port, access_log=False))
    if not os.environ.get("IGNORE_TERM"):
        server.run()
        return
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    thread = threading.Thread(target=server.run)
    thread.start()
    thread.join()


if __name__ == "__main__":
    main()
