"""Whether the addresses a configuration names can be called at all, asked before anything is sent."""

from importlib.util import find_spec
from urllib.parse import urlsplit, urlunsplit

HTTP = ("http", "https")
SOCKS = ("socks5", "socks5h", "socks4", "socks4a")


def server_fault(url: str) -> str:
    """Return why a server's URL cannot be called, "" where it can. The URL is not repeated: it may hold a password."""
    return _fault("server", url, HTTP)


def proxy_fault(url: str) -> str:
    """Return why a proxy's URL cannot be used, "" where it can or where there is none."""
    if url.partition(":")[0].casefold() in SOCKS and find_spec("socks") is None:
        return "proxy-url is a SOCKS proxy, which needs the package PySocks (pip install 'urllib3[socks]')"
    return _fault("proxy-url", url, (*HTTP, *SOCKS)) if url else ""


def without_login(url: str) -> str:
    """Return a repository's URL without the login that people put into one; `git@host:path` holds none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if not parts.netloc:
        return url
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _fault(field: str, url: str, schemes: tuple[str, ...]) -> str:
    from urllib3.exceptions import LocationParseError
    from urllib3.util import parse_url

    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
        parse_url(url)  # the one that is called, which takes less
    except (ValueError, LocationParseError):
        return f"{field} is no URL"
    if parts.scheme.casefold() not in schemes:
        return f"{field} is no URL that starts with {', '.join(f'{name}://' for name in schemes)}"
    if not host or not url.isprintable() or " " in url:
        return f"{field} names no host"
    return ""
