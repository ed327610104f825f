"""Containers: their images, configuration, start, probes and ends."""

from agent.diagnose.modes.mode import Mode

ENDED = ("unexplained", "init-container-fails", "exception")
"""What a program that gives its reason looks like when its log is not read."""

IMAGE_NOT_FOUND = Mode(
    47,
    "image-not-found",
    "program",
    title="Image does not exist",
    means="The registry answers that it has no such repository or tag.",
    asks="Correct the image's name or tag, or push it.",
)
IMAGE_PULL_DENIED = Mode(
    48,
    "image-pull-denied",
    "program",
    title="Registry refuses the pull",
    means="The registry wants credentials the pod does not have, or does not accept those it has.",
    asks="Give the pod or its ServiceAccount a valid image pull secret.",
)
REGISTRY_UNREACHABLE = Mode(
    49,
    "registry-unreachable",
    "program",
    title="Registry cannot be reached",
    means="The node does not find, reach or trust the registry's host.",
    asks="Correct the host in the image's name, or the node's DNS, network or trusted certificates.",
)
REGISTRY_RATE_LIMIT = Mode(
    50,
    "registry-rate-limit",
    "program",
    title="Registry limits the pulls",
    means="The registry refuses more pulls for now.",
    asks="Pull with an account, or through a mirror.",
)
IMAGE_NAME_INVALID = Mode(
    51,
    "image-name-invalid",
    "program",
    title="Image name is not valid",
    means="The image reference cannot be parsed, so nothing is pulled.",
    asks="Write it as registry/repository:tag, in lower case.",
)
IMAGE_NEVER_PULLED = Mode(
    52,
    "image-never-pulled",
    "program",
    title="Image is not on the node and may not be pulled",
    means="imagePullPolicy is Never, and the node does not have the image.",
    asks="Load the image onto the node, or allow it to be pulled.",
)
FOREIGN_PROGRAM = Mode(
    53,
    "foreign-program",
    "program",
    title="Program is built for another processor",
    means="The kernel cannot execute the program: another architecture, or a script without an interpreter line.",
    asks="Use an image for the node's architecture, or place the pod on nodes that have its own.",
)
IMAGE_FOR_OTHER_PLATFORM = Mode(
    53,
    "image-for-other-platform",
    "program",
    title="Image has no build for the node's platform",
    means="The registry has the image, but not for this operating system and architecture.",
    asks="Build it for this platform, or place the pod on nodes of another.",
)
CONFIGMAP_MISSING = Mode(
    54,
    "configmap-missing",
    "program",
    title="ConfigMap does not exist",
    means="The container takes variables from a ConfigMap that is not in its namespace, and so is not started.",
    asks="Create the ConfigMap, or correct its name.",
)
SECRET_MISSING = Mode(
    55,
    "secret-missing",
    "program",
    title="Secret does not exist",
    means="The container takes variables from a Secret that is not in its namespace, and so is not started.",
    asks="Create the Secret, or correct its name.",
)
KEY_MISSING = Mode(
    56,
    "key-missing",
    "program",
    title="Key is missing in a ConfigMap or Secret",
    means="The object exists, and the key the container asks for is not in it.",
    asks="Add the key, or correct its name.",
)
VOLUME_SOURCE_MISSING = Mode(
    57,
    "volume-source-missing",
    "program",
    title="ConfigMap or Secret of a volume does not exist",
    means="The pod mounts a ConfigMap or Secret that is not there, and waits in ContainerCreating.",
    asks="Create the object, or correct the name in the volume.",
)
COMMAND_NOT_FOUND = Mode(
    58,
    "command-not-found",
    "program",
    title="Command cannot be executed",
    means="The command is not in the image, is not executable, or its working directory does not exist.",
    asks="Name a program the image has, or build it into the image.",
)
ROOT_FORBIDDEN = Mode(
    59,
    "root-forbidden",
    "program",
    title="Image runs as root, and that is forbidden",
    means="runAsNonRoot is set and the image runs as root, or names its user only by name.",
    asks="Set runAsUser to a user other than 0 that the image is made for.",
)
START_HOOK_FAILS = Mode(
    61,
    "start-hook-fails",
    "program",
    title="postStart hook fails",
    means="The hook that runs right after the start fails, and the kubelet ends the container for it.",
    asks="Mend the hook's command, or do its work in the container's own start.",
    explains=("unexplained", "exception"),
)
INIT_CONTAINER_FAILS = Mode(
    62,
    "init-container-fails",
    "program",
    title="Init container fails",
    means="A container that must finish before the others start ends with an error, again and again.",
    asks="Read its log, and mend what it ends with.",
    dependent=True,
)
INIT_WAITS = Mode(
    63,
    "init-waits",
    "program",
    title="Init container waits for a Service that is not there",
    means="A container that must finish first asks for a name no Service has.",
    asks="Create the Service, or correct the name it waits for.",
    dependent=True,
)
OOM_KILLED = Mode(
    65,
    "oom-killed",
    "program",
    title="Container killed for memory",
    means="A process of the container used more memory than its limit, and the kernel killed it (OOMKilled).",
    asks="Raise the memory limit, or find what leaks.",
)
SETTING_MISSING = Mode(
    69,
    "setting-missing",
    "program",
    title="Program misses a setting",
    means="The program ends because a variable or file it needs is not given, and its log says which.",
    asks="Give the container the setting.",
)
CONFIGURATION_UNREADABLE = Mode(
    70,
    "configuration-unreadable",
    "program",
    title="Program cannot read its configuration",
    means="The program ends because a value or file it was given cannot be parsed.",
    asks="Correct the value or file its log names.",
    explains=ENDED,
)
FINISHED = Mode(
    71,
    "finished",
    "program",
    title="Program finishes where it should serve",
    means="The container ends with exit code 0 and is started again and again, because its pod is to run for ever.",
    asks="Run it in the foreground, or make it a Job.",
    dependent=True,
)
WRONG_USER = Mode(
    72,
    "wrong-user",
    "program",
    title="Program runs as the wrong user",
    means="The program wants to be root and is not, or is root and refuses to be.",
    asks="Set runAsUser to the user the image is made for.",
    explains=ENDED,
)
EXCEPTION = Mode(
    73,
    "exception",
    "program",
    title="Program ends by an error of its own",
    means="The program ends with an unhandled error or a fault, and nothing outside of it explains that.",
    asks="Read the trace, then mend the program or go back to an image that worked.",
    dependent=True,
    general=True,
)
LIVENESS_PORT = Mode(
    74,
    "liveness-port",
    "program",
    title="Liveness probe asks the wrong port",
    means="The liveness probe asks a port nobody listens on, so the kubelet kills a container that is well.",
    asks="Let the probe ask the port the program listens on.",
)
STARTUP_PORT = Mode(
    74,
    "startup-port",
    "program",
    title="Startup probe asks the wrong port",
    means="The startup probe asks a port nobody listens on, so the kubelet kills a container that is well.",
    asks="Let the probe ask the port the program listens on.",
)
LIVENESS_PROTOCOL = Mode(
    75,
    "liveness-protocol",
    "program",
    title="Liveness probe speaks the wrong protocol",
    means="The liveness probe speaks HTTPS, HTTP or gRPC to a port that speaks something else.",
    asks="Set the probe's scheme or kind to what the port speaks.",
)
STARTUP_PROTOCOL = Mode(
    75,
    "startup-protocol",
    "program",
    title="Startup probe speaks the wrong protocol",
    means="The startup probe speaks HTTPS, HTTP or gRPC to a port that speaks something else.",
    asks="Set the probe's scheme or kind to what the port speaks.",
)
STARTUP_PATH = Mode(
    76,
    "startup-path",
    "program",
    title="Startup probe asks a path that does not exist",
    means="The program answers the startup probe with 404, so the kubelet kills a container that is well.",
    asks="Let the probe ask a path the program has.",
)
LIVENESS_PATH = Mode(
    76,
    "liveness-path",
    "program",
    title="Liveness probe asks a path that does not exist",
    means="The program answers the liveness probe with 404, so the kubelet kills a container that is well.",
    asks="Let the probe ask a path the program has.",
)
LIVENESS_IMPATIENT = Mode(
    77,
    "liveness-impatient",
    "program",
    title="Liveness probe gives too little time to start",
    means="The container is killed before it is up: it needs longer to start than its liveness probe allows.",
    asks="Give it time to start with a startup probe.",
)
PROBE_COMMAND = Mode(
    76,
    "probe-command",
    "program",
    title="Probe's command fails",
    means="The command of a probe ends with an error: the container is killed, or is never ready for traffic.",
    asks="Run the command in the container, and correct it or what it looks at.",
    dependent=True,
)
STARTUP_IMPATIENT = Mode(
    78,
    "startup-impatient",
    "program",
    title="Startup probe gives up too early",
    means="The container is killed before it is up: it needs longer to start than its startup probe allows.",
    asks="Raise the probe's failureThreshold.",
)
READINESS_PROBE = Mode(
    79,
    "readiness-probe",
    "program",
    title="Readiness probe asks the wrong port, path or protocol",
    means="The program runs, and its readiness probe can never succeed, so no Service sends it traffic.",
    asks="Let the probe ask where and how the program answers.",
    dependent=True,
)
READINESS_TIMEOUT = Mode(
    79,
    "readiness-timeout",
    "program",
    title="Readiness probe gets no answer in its time",
    means="The program runs, and answers its readiness probe later than timeoutSeconds, or never: it gets no traffic.",
    asks="Find out what the answer waits for; where it may take that long, give the probe more time.",
    dependent=True,
)
CREDENTIALS_REFUSED = Mode(
    81,
    "credentials-refused",
    "program",
    title="Credentials are refused",
    means="A database or API the program calls does not accept its user, password or key.",
    asks="Put the right credentials into the Secret, then restart the pods.",
    explains=ENDED,
)
DEPENDENCY_UNREACHABLE = Mode(
    82,
    "dependency-unreachable",
    "program",
    title="Program cannot connect to what it needs",
    means="The program's log says that a host it calls refuses, does not answer, or does not resolve.",
    asks="Correct the address it is given, or bring up what it calls.",
    dependent=True,
    explains=ENDED,
)
CONNECTIONS_EXHAUSTED = Mode(
    83,
    "connections-exhausted",
    "program",
    title="Database has no connections left",
    means="The database, or the program's own pool, gives out no more connections.",
    asks="Keep fewer connections in each replica, use a pooler, or let the database accept more.",
    explains=ENDED,
)
DATABASE_READ_ONLY = Mode(
    84,
    "database-read-only",
    "program",
    title="Database is read-only",
    means="The program writes to a database that only reads, as a replica does.",
    asks="Call the primary, or let the database elect one.",
    explains=ENDED,
)
CERTIFICATE_REFUSED = Mode(
    85,
    "certificate-refused",
    "program",
    title="Certificate is not trusted",
    means="The program does not trust a certificate: it expired, is for another name, or of an unknown authority.",
    asks="Renew the certificate, or give the container the authority that signed it.",
    explains=ENDED,
)
PORT_TAKEN = Mode(
    86,
    "port-taken",
    "program",
    title="Port is already in use",
    means="The program wants to listen on a port that another process of its pod or host holds.",
    asks="Give one of the two another port.",
    explains=ENDED,
)
LIMIT_OF_THE_SYSTEM = Mode(
    87,
    "limit-of-the-system",
    "program",
    title="Limit of the system is reached",
    means="The program runs out of open files, threads, local ports, watches or shared memory.",
    asks="Let it close what it opens, or raise that limit.",
    explains=ENDED,
)
