"""The prompts: a page each, the user's own before ours, with an organisation's notes below."""

from pathlib import Path

from agent.config import data_dir
from agent.errors import UsageError
from agent.resources import bundled
from tools.files import read

NOTES = "notes.md"
"""The file in the user's prompt folder whose text is added to every conversation."""

LARGEST = 8_000
"""Characters of an organisation's notes that are added."""


def prompt(name: str, **values: object) -> str:
    """Return a prompt made with these values.

    Never from the folder one stands in: a checkout must not say what a model is told.

    Raises:
        UsageError: the user's own prompt cannot be read, or asks for a value that there is not.

    """
    from jinja2 import Environment, StrictUndefined, TemplateError

    path = next(path for path in (_own(name), bundled("prompts") / f"{name}.md") if path.is_file())
    try:
        text = _body(read(path).decode("utf-8"))
        made = Environment(undefined=StrictUndefined, autoescape=False, trim_blocks=True).from_string(text)  # noqa: S701 - no page
        return made.render(**values).strip() + _notes()
    except (OSError, UnicodeDecodeError, TemplateError) as error:
        raise UsageError(f"{path}: {error}") from error


def _own(name: str) -> Path:
    return data_dir() / "prompts" / f"{name}.md"


def _body(text: str) -> str:
    """Return a prompt without its front matter."""
    head, mark, rest = text.partition("\n---\n")
    return rest if mark and head.startswith("---") else text


def _notes() -> str:
    path = data_dir() / "prompts" / NOTES
    try:
        return (
            f"\n\n# Notes of this organisation\n\n{read(path).decode('utf-8')[:LARGEST].strip()}"
            if path.is_file()
            else ""
        )
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error
