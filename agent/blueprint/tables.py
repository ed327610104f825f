"""The tables of a markdown file, each row with its line. What looks like a table and is none is said, not skipped."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it.token import Token

_CELLS = re.compile(r"(?<!\\)\|")
_HTML = re.compile(r"<[A-Za-z/!]")
_HTML_ROW = re.compile(r"\s*</?(?:table|thead|tbody|tr|td|th)\b", re.IGNORECASE)
_LINE_END = re.compile(r"\r\n|\r|\n")
"""Markdown's line ends only: str.splitlines knows more, and every line after one of those would be off by one."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line counted from 1, its cells by header (casefolded), and what is wrong with it, "" for nothing."""

    line: int
    cells: dict[str, str]
    text: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One table below its headings."""

    sections: tuple[str, ...]
    """Titles of the headings above it, the outermost first."""
    headers: tuple[str, ...]
    rows: tuple[Row, ...]


def tables(text: str) -> tuple[list[Table], list[Row]]:
    """Return the tables of a markdown text, and the lines that look like a table but are none.

    Tables inside code blocks are prose.
    """
    lines = _LINE_END.split(text)
    sections: list[tuple[int, str]] = []
    found: list[Table] = []
    odd: list[Row] = []
    tokens = _tokens(text)
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            sections = _below(sections, int(token.tag[1:]), tokens[index + 1].content)
        elif token.type == "table_open":
            found.append(_table(tuple(title for _, title in sections), tokens, index, lines))
        elif token.type == "paragraph_open" and token.map:
            odd += _resembling(lines[token.map[0] : token.map[1]], token.map[0] + 1)
    return found, odd


def _tokens(text: str) -> "list[Token]":
    from markdown_it import MarkdownIt

    parser = MarkdownIt("zero", {"maxNesting": 20}).enable(["table", "heading", "fence", "code", "list"])
    return parser.disable("inline").parse(text)


def _below(sections: list[tuple[int, str]], level: int, title: str) -> list[tuple[int, str]]:
    return [*(section for section in sections if section[0] < level), (level, title.strip())]


def _resembling(paragraph: Sequence[str], first: int) -> Iterator[Row]:
    """Yield the lines of a paragraph that were meant as rows of a table: each may have been a control."""
    for number, line in enumerate(paragraph, first):
        if _HTML_ROW.match(line):
            yield Row(number, {}, line, "a table in HTML is not read")
        elif line.lstrip().startswith("|") and line.count("|") > 1 and any(map(str.isalnum, line)):
            yield Row(number, {}, line, "looks like a row, but stands in no table")


def _table(sections: tuple[str, ...], tokens: "Sequence[Token]", start: int, lines: Sequence[str]) -> Table:
    head, *body = _rows(tokens, start)
    headers = tuple(cell.casefold() for cell in head[1])
    return Table(sections, headers, tuple(_row(line, cells, headers, lines[line]) for line, cells in body))


def _rows(tokens: "Sequence[Token]", start: int) -> Iterator[tuple[int, list[str]]]:
    """Yield each row of the table that starts there: its line counted from 0, and its cells."""
    line, cells = 0, list[str]()
    for token in tokens[start:]:
        if token.type == "tr_open":
            line, cells = (token.map or [0])[0], []
        elif token.type == "inline":
            cells.append(token.content.strip())
        elif token.type == "tr_close":
            yield line, cells
        elif token.type == "table_close":
            return


def _row(line: int, cells: Sequence[str], headers: tuple[str, ...], text: str) -> Row:
    written = len(_CELLS.split(text.strip().removeprefix("|").removesuffix("|")))
    found = dict(zip(headers, cells, strict=False))
    if written != len(headers):
        return Row(line + 1, found, text, f"{written} cells where the table has {len(headers)}")
    return Row(line + 1, found, text, "HTML in a cell" if _HTML.search(text) else "")
