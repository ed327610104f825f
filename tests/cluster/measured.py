"""What the checklists measured, beside what the blueprint asks for; printed when the tests are done."""

_ROWS: list[tuple[str, str, str, str]] = []


def note(control: str, what: str, asked: str, found: str) -> None:
    """Keep one figure."""
    _ROWS.append((control, what, asked, found))


def table() -> list[str]:
    """Return the figures as the lines of a table, none where nothing was measured."""
    if not _ROWS:
        return []
    rows = [("CONTROL", "WHAT", "BLUEPRINT", "MEASURED"), *_ROWS]
    widths = [max(len(row[column]) for row in rows) + 2 for column in range(4)]
    return ["".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
