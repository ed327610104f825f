"""Approval by signature: `ssh-keygen -Y sign` over a plan's id, by a key on the user's own list."""

from pathlib import Path

from agent.approval.decision import Approval, Decision, Later
from tools.failure import Failure
from tools.signatures import signer

NAMESPACE = "bluehelm-plan"
"""What such a signature is for: one made for anything else does not count."""


def signed(name: str, approval: Path, signers: Path | None, reason: str) -> Decision:
    """Return the approval a signature file gives to the plan of an id, or why it gives none."""
    if signers is None:
        return Later("no signer is trusted: name an allowed-signers file in the setting `signers`")
    found = signer(name.encode(), approval, signers, NAMESPACE)
    if isinstance(found, Failure):
        return Later(str(found))
    return Approval(name, found, "signature", reason)


def how_to_sign(name: str) -> str:
    """Return the command by which a person signs a plan."""
    return f"printf %s {name} | ssh-keygen -Y sign -n {NAMESPACE} -f ~/.ssh/id_ed25519 > {name[:12]}.sig"
