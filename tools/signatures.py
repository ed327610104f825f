"""Signatures made with `ssh-keygen -Y sign`, checked by the same program against a list of trusted keys."""

from pathlib import Path

from tools.failure import Failure, FailureKind
from tools.files import refuse
from tools.run import run_signature_check
from tools.text import clean


def signer(message: bytes, signature: Path, signers: Path, namespace: str) -> str | Failure:
    """Return who signed a message; a Failure where nobody on the list did.

    Args:
        message: what was signed, to the byte.
        signature: the file `ssh-keygen -Y sign` wrote.
        signers: the allowed-signers file (ssh-keygen(1), ALLOWED SIGNERS).
        namespace: what the signature has to be for.

    """
    try:
        for file in (signature, signers):
            refuse(file)
    except OSError as error:
        return Failure(FailureKind.CONFIG, f"approval {error.filename}", error.strerror or "cannot be read")
    files = ("-f", str(signers.resolve()), "-s", str(signature.resolve()))
    found = run_signature_check(("-Y", "find-principals", *files), b"")
    if isinstance(found, Failure):
        return found
    who = found.stdout.splitlines()[0].strip() if found.stdout.strip() else ""
    checked = run_signature_check(("-Y", "verify", *files, "-I", who, "-n", namespace), message)
    return checked if isinstance(checked, Failure) else clean(who, 120)
