"""The words people use for what Kubernetes has words for."""

from collections.abc import Mapping

from tools.kinds import kind_called

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job")
"""What owns pods, what people mean first by a bare name first."""

MEANT = (
    *WORKLOADS, "Pod", "Service", "Ingress", "HorizontalPodAutoscaler", "PersistentVolumeClaim", "ReplicaSet",
    "PodDisruptionBudget", "ConfigMap", "Secret", "Node", "Namespace", "PersistentVolume", "ServiceAccount",
    "NetworkPolicy", "ResourceQuota",
)  # fmt: skip
"""The kinds a bare name may be of, in the order they are meant."""

ONLY_BY_KIND = frozenset(("ConfigMap", "Secret", "ServiceAccount", "NetworkPolicy", "ResourceQuota", "Namespace"))
"""Kinds that a part of a name never means: who says `config` means a setting."""

_SPOKEN: Mapping[str, str] = {
    "autoscaler": "HorizontalPodAutoscaler", "autoscalers": "HorizontalPodAutoscaler",
    "hpas": "HorizontalPodAutoscaler", "deploys": "Deployment", "svcs": "Service", "endpoint": "Service",
    "endpoints": "Service", "machine": "Node", "machines": "Node", "worker": "", "host": "", "hosts": "Node",
    "claim": "PersistentVolumeClaim", "claims": "PersistentVolumeClaim", "pvcs": "PersistentVolumeClaim",
    "volume": "PersistentVolumeClaim", "volumes": "PersistentVolumeClaim", "pvs": "PersistentVolume",
    "config-map": "ConfigMap", "config-maps": "ConfigMap", "cms": "ConfigMap", "quotas": "ResourceQuota",
    "daemon": "", "cron": "CronJob", "crons": "CronJob", "budget": "", "policy": "", "policies": "",
    "ing": "Ingress", "replica-set": "ReplicaSet", "stateful-set": "StatefulSet", "daemon-set": "DaemonSet",
    "limits": "", "event": "", "events": "", "ev": "", "no": "", "so": "", "sa": "", "gc": "", "pc": "", "sc": "",
    "lease": "", "leases": "", "role": "", "roles": "", "cert": "", "pds": "", "netpols": "NetworkPolicy",
}  # fmt: skip
"""Words for kinds beyond kubectl's own; "" for kubectl's that are ordinary words in a sentence."""

GENERIC = frozenset(
    "app apps application applications workload workloads microservice microservices component components thing".split()
)
"""Words for whatever runs pods."""


def is_plural(word: str) -> bool:
    """Return whether a word stands for all objects of a kind, so that what stands beside it is no name."""
    low = word.lower()
    found = kind_called(low)
    return (
        low.endswith("s")
        and not low.endswith("ss")
        and (found is None or low not in (found.name.casefold(), *found.short))
    )


def kind_of(word: str) -> str:
    """Return the kind a word stands for (`pods` -> Pod), "" for none."""
    low = word.lower()
    if low in _SPOKEN:
        return _SPOKEN[low]
    found = kind_called(low)
    return found.name if found is not None else ""


STATES: Mapping[str, str] = {
    "crashloopbackoff": "CrashLoopBackOff", "crashloop": "CrashLoopBackOff", "crashlooping": "CrashLoopBackOff",
    "crash-looping": "CrashLoopBackOff", "crash-loop": "CrashLoopBackOff", "imagepullbackoff": "ImagePullBackOff",
    "errimagepull": "ErrImagePull", "oomkilled": "OOMKilled", "oom": "OOMKilled", "pending": "Pending",
    "evicted": "Evicted", "completed": "Completed", "complete": "Complete", "terminating": "Terminating",
    "running": "Running", "succeeded": "Completed", "notready": "NotReady", "containercreating": "ContainerCreating",
    "createcontainerconfigerror": "CreateContainerConfigError", "suspended": "Suspended", "bound": "Bound",
    "unbound": "Pending", "unknown": "Unknown", "failed": "unwell", "failing": "unwell", "unhealthy": "unwell",
    "broken": "unwell", "unready": "unwell", "down": "unwell", "crashing": "unwell", "crashed": "unwell",
    "degraded": "unwell", "unavailable": "unwell", "bad": "unwell", "sick": "unwell", "red": "unwell",
    "stuck": "unwell", "healthy": "well", "ok": "well", "fine": "well", "green": "well", "up": "well",
    "erroring": "unwell", "unschedulable": "Pending", "unscheduled": "Pending", "problematic": "unwell",
}  # fmt: skip
"""A word for how something stands -> kubectl's STATUS, or `well` and `unwell`."""

FUNCTION_WORDS = frozenset(
    """a an the this that these those it its they them their there here he she we us our you your i me my is are was
    were be been being am do does did done has have had having can could will would shall should may might must not no
    nor and or but if then else when while because so as at by for from in into of off on onto out over to under up
    with within without about above after again against all any anything anyone both each every everything few more
    most much many other others same some something such than too very just only own also else ever even still yet
    now today yesterday tomorrow currently recently lately please tell show give get list find see look let help need
    want know think say says said what which who whom whose why how where whether yes ok okay hi hello hey thanks thank
    going happening happen happened happens one ones two three first last next previous new old another per like
    really actually maybe perhaps right wrong good bad keep keeps kept getting got make makes made take takes taken
    use uses used using work works working set sets setting way thing things kind sort lot bit time times back down
    between during before since until ago around near across via
    doing comes come coming never always becomes become became tried try trying waiting wait
    complain complains complaining
    stupid damn idea anybody nobody nothing off quick quickly check checking explain describe
    display print fetch return reason reasons cause causes problem problems issue issues trouble error errors wrong
    """.split()
)
"""Words that name nothing."""

CUES = frozenset(
    """fail fails failing failed failure failures crash crashes crashing crashed broken break breaks restart restarts
    restarting restarted pending stuck slow slowly slowness latency unhealthy healthy health ready unready readiness
    liveness startup probe probes dead alive kill killed kills oom oomkilled evict evicted status state states summary
    overview report cluster clusters kubernetes kube kubectl helm chart charts release releases revision revisions
    namespace namespaces ns node nodes pod pods container containers deployment deployments service services ingress
    ingresses job jobs cronjob cronjobs event events warning warnings log logs logged logging output stderr stdout line
    lines tail grep search contain contains containing mention mentions mentioning cpu memory mem ram usage consume
    consumes consuming consumption utilization utilisation load resource resources request requests limit limits
    replica replicas scale scales scaled scaling autoscale autoscaling autoscaler hpa count number value values
    blueprint blueprints spec specs control controls rule rules row rows comply complies compliant compliance audit
    drift drifted differ differs difference differences match matches matching deviate deviates deviation verify
    checklist checklists own owns owned owner owners belong belongs part call calls called caller callers depend
    depends dependency dependencies talk talks connect connects connected mount mounts mounted manage manages managed
    change changes changed changing deploy deployed deploys rollout rollouts update updated updates upgrade upgraded
    upgrades fix fixes fixed fixing repair resolve solve solution remedy mend plan plans propose proposal prepare
    draft apply delete remove kill edit patch exec rollback roll revert undo debug troubleshoot diagnose investigate
    analyze analyse inspect image images tag version versions port ports label labels labelled labeled selector env
    environment variable variables config configuration secret secrets mean means meaning definition supposed expected
    recommended target max maximum min minimum dev prod production local cloud staging default top highest biggest
    heaviest hungriest most least using running run runs ran up down hour hours minute minutes day days week second
    seconds recent history timeline traffic dns network disk storage volume volumes claim claims quota quotas schedule
    scheduled scheduling system systems pull pulled pulling policy level application applications app apps workload
    workloads stack trace exception exceptions root everything fine happening access reach reachable reaching respond
    responding response answer answering unavailable available availability timeout timeouts refused denied
    """.split()
)
"""Words that say what is asked, and name an object only where something else says that they do."""


SPELLED = tuple(sorted(word for word in CUES | FUNCTION_WORDS if len(word) > 4))
"""Words whose spelling is mended."""


def is_ordinary(word: str) -> bool:
    """Return whether a word is one of a sentence, so that alone it names no object."""
    low = word.lower()
    return low in FUNCTION_WORDS or low in CUES or low in STATES or low in GENERIC or bool(kind_of(low))
