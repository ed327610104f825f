"""How a release stands right now, asked of helm while a change is under way."""

from dataclasses import dataclass

from agent.change.plan import Plan
from agent.change.standing import manifest_digest
from tools import helm
from tools.failure import Failure
from tools.sandbox import Sandbox

DEPLOYED = "deployed"
FAILED = "failed"
PENDING = "pending-"


@dataclass(frozen=True, slots=True)
class Standing:
    """A release's newest revision, and the digest of its manifest."""

    revision: int
    status: str
    description: str
    manifest: str

    @property
    def is_settled(self) -> bool:
        """Return whether helm has finished with it, one way or another."""
        return not self.status.startswith(PENDING)

    def is_base(self, plan: Plan) -> bool:
        """Return whether what is deployed is what was before a plan, at whatever revision.

        Where something failed before, helm calls the way back to it failed, although it went all the way.
        """
        reached = self.status == DEPLOYED or bool(plan.failing and self.status == FAILED)
        return reached and self.manifest == plan.base.manifest

    def is_planned(self, plan: Plan) -> bool:
        """Return whether what is deployed is what a plan was to bring, by whichever way it got there."""
        return self.status == DEPLOYED and self.manifest == plan.rendered

    def is_of(self, name: str) -> bool:
        """Return whether this revision is the one a plan made."""
        return self.description.startswith(f"plan:{name[:12]}")


def standing(box: Sandbox, plan: Plan) -> Standing | Failure:
    """Return how a plan's release stands; revision 0 where it does not exist."""
    target = plan.target
    found = helm.history(box, target.release, target.namespace)
    if isinstance(found, Failure):
        return Standing(0, "", "", "") if "not found" in found.detail.lower() else found
    manifest = helm.manifest(box, target.release, target.namespace)
    if isinstance(manifest, Failure):
        return manifest
    last = found[-1]
    return Standing(last.revision, last.status, last.description, manifest_digest(manifest))
