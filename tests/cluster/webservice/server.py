"""One small web service with switches to misbehave. The image of the test bed; standard library only.

PORT (8000)          where it listens
REQUIRE_ENV NAME     that variable must be set, as a service needs its configuration
MEMORY_LEAK_MB N     allocate N MB after the start, a little at a time
CRASH CODE           log an exception and exit with that code, CRASH_AFTER seconds after the start
EXIT_CLEAN 1         exit with 0 right away
START_DELAY S        listen only after S seconds
READY_FAIL 1         /ready answers 503; LIVE_FAIL 1: /health answers 500
BACKEND_URL          /ready asks that address's /ready too, when it is set and FOLLOW_BACKEND is 1
BURN_CPU 1           keep one core busy
"""

import os
import sys
import threading
import time
import traceback
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MEGABYTE = 1 << 20


class Service(BaseHTTPRequestHandler):
    """Answers /, /health and /ready."""

    def do_GET(self) -> None:
        """Answer one request."""
        code, text = answer(self.path)
        self.send_response(code)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Stay quiet: a probe every few seconds is no news."""


def answer(path: str) -> tuple[int, bytes]:
    """Return the status and body for one path."""
    if path == "/health":
        return (500, b"unhealthy\n") if os.environ.get("LIVE_FAIL") else (200, b"ok\n")
    if path == "/ready":
        return (503, b"not ready\n") if os.environ.get("READY_FAIL") or not backend_ready() else (200, b"ready\n")
    return (200, b"todo\n") if path == "/" else (404, b"not found\n")


def backend_ready() -> bool:
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
    kept = []
    for _ in range(megabytes // 8):
        kept.append(bytearray(os.urandom(MEGABYTE)) * 8)
        time.sleep(0.05)
    time.sleep(3600)


def crash(code: int) -> None:
    """Log an exception as a real service would, and end with that code."""
    time.sleep(float(os.environ.get("CRASH_AFTER", "0")))
    try:
        raise RuntimeError('database migration 0042 failed: relation "todos" already exists')
    except RuntimeError:
        traceback.print_exc()
    os._exit(code)


def burn() -> None:
    """Keep one core busy."""
    while True:
        sum(range(10_000))


def main() -> None:
    """Start, misbehaving as asked."""
    required = os.environ.get("REQUIRE_ENV")
    if required:
        os.environ[required]
    if os.environ.get("EXIT_CLEAN"):
        sys.exit(0)
    time.sleep(float(os.environ.get("START_DELAY", "0")))
    for name, task in (("MEMORY_LEAK_MB", leak), ("CRASH", crash)):
        if os.environ.get(name):
            threading.Thread(target=task, args=(int(os.environ[name]),), daemon=True).start()
    if os.environ.get("BURN_CPU"):
        threading.Thread(target=burn, daemon=True).start()
    port = int(os.environ.get("PORT", "8000"))
    print(f"listening on {port}", flush=True)
    ThreadingHTTPServer(("", port), Service).serve_forever()


if __name__ == "__main__":
    main()
