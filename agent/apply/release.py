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

    def is_as_before(self, plan: Plan) -> bool:
        """Return whether the release is what it was before a plan: untouched, or at whatever revision it went back.

        Where something failed before, helm calls the way back to it failed, although it went all the way.
        """
        went_back = self.status == DEPLOYED or bool(plan.failing and self.status == FAILED)
        is_back = went_back and self.manifest == plan.base.manifest
        untouched = (self.revision, self.status) == (plan.base.revision, plan.base.status)
        return self.is_settled and (is_back or untouched)

    def is_back_in_words(self, plan: Plan) -> bool:
        """Return whether helm went back to what was before a plan and could not finish: its objects say how far."""
        return self.status == FAILED and self.manifest == plan.base.manifest

    def is_overtaken(self, name: str, plan: Plan) -> bool:
        """Return whether others have gone on from where a plan was left."""
        known = self.is_in_force(name, plan) or self.is_as_before(plan)
        return self.status == DEPLOYED and self.revision > plan.base.revision and not known

    @property
    def overtaken(self) -> str:
        """Return that in a sentence."""
        return f"somebody has taken the release to revision {self.revision} since"

    def is_in_force(self, name: str, plan: Plan) -> bool:
        """Return whether what is deployed is what the plan of that name was to bring, whoever brought it."""
        is_its_own = self.description.startswith(f"plan:{name[:12]}")
        is_newer = self.revision > plan.base.revision  # a plan that only applies again what was there renders the same
        return self.status == DEPLOYED and is_newer and (is_its_own or self.manifest == plan.rendered)


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
