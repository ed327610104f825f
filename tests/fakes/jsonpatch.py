"""JSON Patch (RFC 6902) as the API server applies it: add, replace, remove and test."""

import copy
from typing import Any


def apply_patch(document: Any, operations: list[dict[str, Any]]) -> Any:
    """Return the document with the operations made; one that cannot be made, or a test that fails, raises."""
    made = copy.deepcopy(document)
    for operation in operations:
        *above, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        here = made
        for part in above:
            here = here[int(part)] if isinstance(here, list) else here[part]
        _do(here, last, operation)
    return made


def _do(here: Any, last: str, operation: dict[str, Any]) -> None:
    if isinstance(here, list):
        if operation["op"] == "add":
            here.insert(len(here) if last == "-" else int(last), copy.deepcopy(operation["value"]))
            return
        key: Any = int(last)
    else:
        key = last
    if operation["op"] != "add" and not isinstance(here, list) and key not in here:
        raise LookupError(operation["path"])
    if operation["op"] == "test" and here[key] != operation["value"]:
        raise ValueError(operation)
    if operation["op"] == "remove":
        del here[key]
    elif operation["op"] in ("add", "replace"):
        here[key] = copy.deepcopy(operation["value"])
