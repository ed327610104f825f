"""What `config show` is asked with."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ShowConfig:
    """Nothing: the settings are where they are."""
