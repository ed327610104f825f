"""Claims without a volume, and volumes a pod cannot use."""

from agent.diagnose.modes.mode import Mode

VOLUME_ELSEWHERE = Mode(
    32,
    "volume-elsewhere",
    "storage",
    title="Volume can only be used on other nodes",
    means="The pod's volume is bound to a zone or node where the pod may not, or cannot, run.",
    asks="Bring a node back where the volume is, or restore the data into a volume where the pod can run.",
    explains=(
        "insufficient-cpu",
        "insufficient-memory",
        "insufficient-ephemeral-storage",
        "too-many-pods",
        "anti-affinity-unsatisfiable",
        "spread-unsatisfiable",
    ),
)
CLAIM_MISSING = Mode(
    33,
    "claim-missing",
    "storage",
    title="PersistentVolumeClaim does not exist",
    means="The pod mounts a claim that is not in its namespace, or that is being deleted.",
    asks="Create the claim, or correct its name in the pod template.",
)
STORAGE_CLASS_DIFFERS = Mode(
    34,
    "storage-class-differs",
    "storage",
    title="Claim and volume are of different classes",
    means="A volume would fit the claim, but for its storage class.",
    asks="Give both the same storageClassName.",
)
STORAGE_CLASS_MISSING = Mode(
    34,
    "storage-class-missing",
    "storage",
    title="StorageClass does not exist",
    means="The claim asks for a storage class the cluster does not have, so no volume is made.",
    asks="Use a class that exists, or create it.",
)
NO_DEFAULT_CLASS = Mode(
    35,
    "no-default-class",
    "storage",
    title="No default StorageClass",
    means="The claim names no class and the cluster has no default one, so no volume is made.",
    asks="Name a class in the claim, or mark one as the default.",
)
ACCESS_MODE_DIFFERS = Mode(
    36,
    "access-mode-differs",
    "storage",
    title="Access mode is not offered",
    means="The claim asks for an access mode no available volume has, ReadWriteMany for instance.",
    asks="Ask for a mode the storage offers, or use storage that offers it.",
)
NO_VOLUME_FITS = Mode(
    36,
    "no-volume-fits",
    "storage",
    title="No volume fits the claim",
    means="Volumes are there, and each lacks something the claim asks for: size, mode, class or labels.",
    asks="Change the claim, or add a volume that meets all of it.",
)
VOLUME_TOO_SMALL = Mode(
    37,
    "volume-too-small",
    "storage",
    title="Volume is smaller than the claim",
    means="The only volume that would do has less capacity than the claim asks for.",
    asks="Ask for less, or provide a larger volume.",
)
VOLUME_NOT_SELECTED = Mode(
    38,
    "volume-not-selected",
    "storage",
    title="The claim's selector selects no volume",
    means="The claim selects volumes by labels that none of the available ones carries.",
    asks="Correct the selector, or label the volume.",
)
VOLUME_ABSENT = Mode(
    39,
    "volume-absent",
    "storage",
    title="The named volume does not exist",
    means="The claim names a PersistentVolume that the cluster does not have.",
    asks="Correct volumeName, or create the volume.",
)
VOLUME_TAKEN = Mode(
    39,
    "volume-taken",
    "storage",
    title="The volume belongs to another claim",
    means="The volume the claim names is bound to, or reserved for, another claim.",
    asks="Name another volume, or free this one if the other claim is done with it.",
)
CLAIM_LOST = Mode(
    40,
    "claim-lost",
    "storage",
    title="Claim lost its volume",
    means="The claim was bound to a volume that is gone; its data is not reachable through this claim any more.",
    asks="Restore the volume from a backup, then make the claim anew.",
)
VOLUME_FAILED = Mode(
    40,
    "volume-failed",
    "storage",
    title="Volume could not be reclaimed",
    means="After its claim was deleted, the storage behind a volume could not be removed.",
    asks="See why the storage cannot be deleted, then delete the volume.",
)
VOLUME_RELEASED = Mode(
    40,
    "volume-released",
    "storage",
    title="Volume is still reserved for a deleted claim",
    means="A volume would fit, but it remembers a claim that is gone and binds to no other.",
    asks="Check its data, then remove claimRef from the volume to free it.",
)
DRIVER_ABSENT = Mode(
    41,
    "driver-absent",
    "storage",
    title="Storage driver is not on the node",
    means="The node of the pod has no such CSI driver, so the volume cannot be attached or mounted.",
    asks="Install the driver, or run its pod on that node.",
)
NOBODY_MAKES_VOLUMES = Mode(
    41,
    "nobody-makes-volumes",
    "storage",
    title="Class makes no volumes by itself",
    means="The class has no provisioner, and nobody has made a volume by hand for this claim.",
    asks="Create a volume of that class, or use a class with a provisioner.",
)
NOT_PROVISIONED = Mode(
    41,
    "not-provisioned",
    "storage",
    title="Provisioner makes no volume",
    means="The provisioner of the claim's class does not answer, or says why it cannot make the volume.",
    asks="Install or repair the provisioner, or use another class.",
)
ATTACHED_ELSEWHERE = Mode(
    43,
    "attached-elsewhere",
    "storage",
    title="Volume is attached to another node",
    means="The volume can be on one node at a time, and a pod on another node still has it.",
    asks="Let the old pod stop first (Recreate), or use storage that many nodes can share.",
)
MOUNT_FAILED = Mode(
    44,
    "mount-failed",
    "storage",
    title="Volume cannot be mounted",
    means="The kubelet tried to mount the volume and failed: wrong path, file system, server or options.",
    asks="Read the mount error, then correct the volume or the node.",
)
RESIZE_FAILED = Mode(
    45,
    "resize-failed",
    "storage",
    title="Volume cannot be enlarged",
    means="The claim asks for more than it has, and its storage refuses or fails to grow.",
    asks="Use a class that allows expansion, or move the data to a larger volume.",
)
VOLUME_FULL = Mode(
    45,
    "volume-full",
    "storage",
    title="Volume is full",
    means="The program ends because there is no space left where it writes.",
    asks="Enlarge the volume, or remove what fills it.",
)
VOLUME_DENIED = Mode(
    46,
    "volume-denied",
    "storage",
    title="Program may not write to its volume",
    means="The files of the volume belong to another user, or it is mounted read-only.",
    asks="Set fsGroup or runAsUser to the owner of the files, or mount it for writing.",
)
