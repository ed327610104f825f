"""When the keys of a ConfigMap were written: what its managed fields alone tell, less who did it and anything else."""

from typing import Any


def with_writes(lean: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """Return a ConfigMap without managed fields with those entries of the whole one that note writes of its data."""
    meta = whole.get("metadata")
    entries = meta.get("managedFields") if isinstance(meta, dict) else None
    found = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    notes = [
        {"time": entry["time"], "fieldsV1": keys} for entry in found if entry.get("time") and (keys := _keys(entry))
    ]
    return lean | {"metadata": lean["metadata"] | {"managedFields": notes}} if notes else lean


def _keys(entry: dict[str, Any]) -> dict[str, Any]:
    fields = entry.get("fieldsV1")
    wanted = fields if isinstance(fields, dict) else {}
    return {part: wanted[part] for part in ("f:data", "f:binaryData") if isinstance(wanted.get(part), dict)}
