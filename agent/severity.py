"""How bad something is, of a cluster or of a blueprint: one word for all who judge."""

from enum import StrEnum


class Severity(StrEnum):
    """How bad it is for the people who use the service, or rely on the blueprint."""

    ERROR = "error"
    """Something asked for does not work, or cannot hold. The command exits with 1."""
    WARNING = "warning"
    """It works, and will not for long, or not for everybody; or it will surprise somebody."""
    INFO = "info"
    """Worth knowing; nothing is broken."""
