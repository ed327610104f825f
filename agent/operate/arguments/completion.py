"""What `completion` is asked with."""

from dataclasses import dataclass
from typing import Literal

from agent.argument import arg


@dataclass(frozen=True)
class Completion:
    """A shell."""

    shell: Literal["bash", "zsh", "tcsh"] = arg("the shell to complete in", positional=True, required=True)
