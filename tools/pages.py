"""The pages of a list and the lines of a watch: Secrets as a table without data, the rest whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tools.kinds import Kind
from tools.objects import redact_object

PAGE = 500
SECRET = "Secret"  # noqa: S105 - a kind
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


@dataclass(frozen=True, slots=True)
class Changed:
    """What one line of a watch tells."""

    word: str
    """The API's: `ADDED`, `MODIFIED`, `DELETED`, `BOOKMARK`; `ERROR` also for what is no such line."""
    version: str = ""
    """The resourceVersion a watch goes on from."""
    obj: Any = None
    """The object as a list gives it; None with a bookmark, or where it is none."""


def query(kind: Kind, token: str) -> str:
    """Return what asks for the page behind a continue token, "" for the first."""
    from urllib.parse import quote

    return f"limit={PAGE}{bare(kind)}{'&continue=' + quote(token, safe='') if token else ''}"


def bare(kind: Kind) -> str:
    """Return what has the server leave a Secret's object out of its row, and "" for other kinds."""
    return "&includeObject=None" if kind.name == SECRET else ""


def is_page(page: Any, kind: Kind) -> bool:
    """Return whether an answer is what was asked for: a table for Secrets, a list of the kind for the rest."""
    return _is_table(page) if kind.name == SECRET else _is_list(page, kind)


def _is_list(page: Any, kind: Kind) -> bool:
    """Return whether an answer is a list of that kind, also an empty one (`items` may be null, not absent).

    Items do not say what they are: those of another kind's list would be taken for what was asked for.
    """
    said = (page.get("kind"), page.get("apiVersion")) if type(page) is dict else ()
    return said == (f"{kind.name}List", kind.version) and _is_held(page, "items")


def _is_table(page: Any) -> bool:
    """Return whether an answer is a table with the cells a Secret's row has."""
    rows = (page["rows"] or ()) if _is_held(page, "rows") and page.get("kind") == "Table" else (None,)
    return all(type(row) is dict and isinstance(row.get("cells"), list) and len(row["cells"]) >= 3 for row in rows)


def _is_held(page: Any, held: str) -> bool:
    if type(page) is not dict or held not in page or not isinstance(page[held], list | None):
        return False
    meta = page.get("metadata")
    if meta is None:
        return True
    if type(meta) is not dict:
        return False
    return isinstance(meta.get("continue"), str | None) and isinstance(meta.get("remainingItemCount"), int | None)


def accept(kind: Kind) -> str:
    """Return the content type a kind is asked for as."""
    return TABLE if kind.name == SECRET else "application/json"


def items(kind: Kind, page: dict[str, Any], path: str, *, owners: bool) -> Iterator[Any]:
    """Yield a page's objects with the kind the list left out, and nothing that must not enter; None for no object."""
    if kind.name == SECRET:
        namespace = path.split("/")[-2]
        yield from (redact_object(_secret(row, namespace)) for row in page.get("rows") or ())
        return
    named = {"kind": kind.name, "apiVersion": kind.version}
    for item in page["items"] or ():
        whole = type(item) is dict and isinstance(item.get("kind", ""), str)
        yield redact_object(named | item, owners=owners) if whole else None


def changed(kind: Kind, document: Any, path: str) -> Changed:
    """Return what a line of a watch tells, its object as a list of the kind gives it."""
    obj: Any = document.get("object") if type(document) is dict else None
    word = document.get("type") if type(obj) is dict else "ERROR"
    meta = obj.get("metadata") if type(obj) is dict else None
    version = meta.get("resourceVersion") if type(meta) is dict else None
    if word not in ("ADDED", "MODIFIED", "DELETED", "BOOKMARK") or not isinstance(version, str):
        return Changed("ERROR")
    if word == "BOOKMARK":
        return Changed(word, version)
    if kind.name == SECRET and not _is_table(obj):
        return Changed("ERROR")
    page: dict[str, Any] = obj if kind.name == SECRET else {"items": [obj]}
    return Changed(word, version, next(items(kind, page, path, owners=False), None))


def _secret(row: dict[str, Any], namespace: str) -> dict[str, Any]:
    """Return what may be known of a Secret: name, type, number of keys.

    The server is asked for a table without objects: with them each row would carry the last-applied annotation, and in
    that the data. A row alone does not say its namespace, so Secrets are listed one namespace at a time.
    """
    name, type_, keys = row["cells"][:3]
    named = {"name": str(name), "namespace": namespace}
    return {"kind": "Secret", "apiVersion": "v1", "metadata": named, "type": type_, "keys": keys}
