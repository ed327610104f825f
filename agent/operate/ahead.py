"""What judges is loaded while what it judges is read: thousands of patterns take as long as a small look."""

from importlib import import_module
from threading import Thread


def load_ahead(*modules: str) -> None:
    """Begin to import some modules; who needs them imports them as ever, and waits for what is left.

    A module that cannot be imported is an error there, not here.
    """
    Thread(target=_load, args=(modules,), daemon=True).start()


def _load(modules: tuple[str, ...]) -> None:
    for module in modules:
        import_module(module)
