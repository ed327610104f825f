"""Which git checkouts this command runs in: what lies in one is its authors' choice, not the user's."""

from pathlib import Path


def checkouts(here: Path) -> tuple[Path, ...]:
    """Return every checkout a folder lies in, the nearest first; a home folder kept in git is the user's own."""
    return tuple(folder for folder in (here, *here.parents) if (folder / ".git").exists() and folder != Path.home())


def inside_checkout(path: Path) -> bool:
    """Return whether a path lies in a checkout this command runs in, after links."""
    try:
        here = Path.cwd().resolve()
    except FileNotFoundError:  # the folder was deleted under our feet: then it is no checkout
        return False
    return any(path.resolve().is_relative_to(root) for root in checkouts(here))
