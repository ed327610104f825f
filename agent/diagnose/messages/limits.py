"""How programs say that they ran into a limit of their system, or of their own runtime."""

from agent.diagnose import modes
from agent.diagnose.messages.message import messages

LIMITS = messages(
    modes.LIMIT_OF_THE_SYSTEM,
    ("libc", r"[Tt]oo many open files|\bE[MN]FILE\b", "errno EMFILE, ENFILE"),
    ("libc", r"[Cc]annot assign requested address|EADDRNOTAVAIL", "errno EADDRNOTAVAIL"),
    (
        "Linux inotify",
        r"max_user_(?:watches|instances)|inotify(?:_init| watch(?:es)?)[^\n]*(?:limit|[Tt]oo many|[Nn]o space)"
        r"|limit for number of file watchers|fsnotify watcher: too many",
        "inotify(7)",
    ),
    (
        "threads",
        r"unable to create (?:new )?native thread|can't start new thread|pthread_create (?:failed|: Resource)"
        r"|can't create Thread|Resource temporarily unavailable.*(?:thread|fork)|failed to create new OS thread"
        r"|uv_thread_create|newosproc",
        "pthread_create(3), EAGAIN",
    ),
    (
        "shells",
        r"fork: (?:retry: )?(?:Resource temporarily unavailable|Cannot allocate memory)"
        r"|can't fork",
        "fork(2)",
    ),
    (
        "PostgreSQL server",
        r"could not resize shared memory|could not (?:create|map) (?:anonymous )?shared memory",
        "storage/ipc/dsm_impl.c",
    ),
    (
        "Elasticsearch",
        r"vm\.max_map_count|max file descriptors \[\d+\]|max number of threads \[",
        "BootstrapChecks.java",
    ),
    ("Elasticsearch", r"bootstrap checks? fail(?:ed|ure)", "BootstrapChecks.java"),
    ("MongoDB", r"Failed to (?:set|raise) rlimit|insufficient (?:ulimit|max (?:virtual )?map)", "startup warnings"),
    (
        "V8",
        r"JavaScript heap out of memory|Reached heap limit Allocation failed|invalid array length Allocation failed",
        "v8 src/api",
    ),
    (
        "JVM",
        r"OutOfMemoryError: (?:Java heap space|GC overhead limit|Metaspace|Compressed class|Direct buffer|unable to)"
        r"|insufficient memory for the Java Runtime Environment|Could not reserve enough space",
        "Java troubleshooting guide",
    ),
    (
        "PHP",
        r"Allowed memory size of \d+ bytes exhausted|Maximum execution time of \d+ seconds exceeded",
        "Zend/zend_alloc.c",
    ),
    (
        ".NET",
        r"System\.OutOfMemoryException|GC heap initialization failed|Failed to create CoreCLR, HRESULT: 0x8007000E",
        "coreclr",
    ),
    ("Python", r"^MemoryError\b|numpy\.core\._exceptions\._ArrayMemoryError", "Objects/obmalloc.c"),
    (
        "Go runtime",
        r"runtime: out of memory|runtime: cannot allocate memory|cannot allocate memory\b",
        "runtime/malloc.go",
    ),
    ("Rust, C++", r"memory allocation of \d+ bytes failed|std::bad_alloc", "alloc, libstdc++"),
    ("CUDA", r"CUDA out of memory|CUDA error: out of memory|CUDA_ERROR_OUT_OF_MEMORY", "CUDA runtime API"),
    (
        "libc",
        r"[Nn]o space left on device[^\n]*(?:shm|shared memory|semaphore)|sem_?open[^\n]*[Nn]o space|bus error.*shm",
        "shm_open(3)",
    ),
    ("locked memory", r"RLIMIT_MEMLOCK|failed to lock memory|unable to lock JVM Memory|mlockall", "mlock(2)"),
)
