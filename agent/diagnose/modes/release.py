"""Helm releases, and what changed before it broke."""

from agent.diagnose.modes.mode import Layer, Mode

IMMUTABLE_FIELD = Mode(
    14,
    "immutable-field",
    "release",
    title="Upgrade changes a field that cannot change",
    means="The new manifest changes what the API fixes at creation, a selector for instance, so the upgrade failed.",
    asks="Keep the old value, or delete the object and let the upgrade make it anew.",
)
RELEASE_FAILED = Mode(
    15,
    "release-failed",
    "release",
    title="Helm release failed",
    means="The last install, upgrade or hook of the release did not succeed, so its objects may be half of each.",
    asks="Read what Helm noted, mend it, and upgrade again or roll back.",
)
RELEASE_STUCK = Mode(
    15,
    "release-stuck",
    "release",
    title="Helm release is stuck",
    means="The release is pending although no Helm works on it any more; every upgrade is refused.",
    asks="Roll back to the last revision that was deployed.",
)
API_REMOVED = Mode(
    16,
    "api-removed",
    "release",
    title="apiVersion is no longer served",
    means="The chart writes an apiVersion that this version of Kubernetes has removed.",
    asks="Use a chart that writes the current apiVersion.",
)
KIND_UNDEFINED = Mode(
    16,
    "kind-undefined",
    "release",
    title="Kind is not defined in the cluster",
    means="A controller or chart works with a kind whose CustomResourceDefinition is not installed.",
    asks="Install the definition first.",
)
REGRESSION = Mode(
    140,
    "regression",
    "release",
    title="New revision does not work, the one before does",
    means="Pods of the newest revision do not become ready while those of an older one still serve.",
    asks="Go back to the revision that serves, then mend what changed.",
    layer=Layer.SYMPTOM,
    dependent=True,
    contingent=True,
    explains=("unexplained", "rollout-stuck"),
)
DRIFT = Mode(
    141,
    "drift",
    "release",
    title="Changed by hand, outside of its release",
    means="A field of the live object is not what its Helm release says, and that field brings the failure about.",
    asks="Take the change back, or put it into the values of the release.",
    layer=Layer.CHANGE,
    contingent=True,
)
CONFIGURATION_NOT_READ = Mode(
    142,
    "configuration-not-read",
    "release",
    title="Pods run with an older configuration",
    means="A ConfigMap changed after containers had started that read it only once.",
    asks="Restart the pods; a checksum annotation does so at every change.",
)
