"""How runtimes say what ended a program: its own bugs, the wrong user, a taken port; and what is only a farewell."""

import re

from agent.diagnose import modes
from agent.diagnose.messages.message import messages

STRONG = re.compile(
    r"^(?:[\w.$]+\.)?[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Fault)\b(?!\w).*$"  # Python's last line, Node's first
    r"|^(?:[a-z_]\w*\.)+_?[A-Z]\w+(?:: .*)?$"  # package.module.Class: message
    r"|^\s*(?:Caused by|Exception in thread|Unhandled exception|Uncaught)\b.*$"
    r"|^(?:panic:|fatal error:|fatal\b|FATAL\b|runtime error|Segmentation fault|terminate called"
    r"|thread '.*' panicked)"
    r"|^(?:[Ee]rror|ERROR|ERR!|PANIC|FAILED|BOOT FAILED|curl|wget|nginx|psql|pg_\w+|mysql\w*|su-exec|gosu|nats|rake)"
    r"(?:\[\w+\]| \[\w+\]| \d+ \(\w+\)| [A-Z]\d+)?: "
    r"|^\*\* \(|^\*\*\* FATAL|^ ?---> "
    r"|^[\w.$]*(?:Error|Exception): .*$"
    r"|^\S+\.rb:\d+:in .*\((?:\w+::)*\w*(?:Error|ECONN\w+|E[A-Z]+)\)"
    r"|^PHP Fatal error: |^SQLSTATE\["
    r"|\[(?:emerg|alert|crit)\]|\blevel=\"?(?:fatal|panic)|\b(?:FATAL|PANIC): "
    r"|^Description:$|^APPLICATION FAILED TO START$"
)
"""Lines by which programs say what ended them; the last one of a log counts."""

FAREWELL = re.compile(
    r"(?i)^(?:\[?error\]?:? *)?(?:application (?:startup|run) failed|exiting\b|exit(?:ed)? (?:status|with)"
    r"|aborting\b|aborted\b|shutting down|"
    r"worker exiting|rake aborted|fatal errors? found in configuration|failed to initialize server|npm (?:err"
    r"|error)!?|error command failed"
    r"|command failed with exit code|process exited|terminating|goodbye|bye\b|\[my-010119\]|see '.*--help'"
    r"|for more information|startup failed)"
    r"|^\[ALERT\].*(?:Fatal errors? found in configuration|Failed to initialize server)|\[Server\] Aborting"
    r"|Worker failed to boot"
    r"|[Ff]or more (?:details|information),? (?:run|see|try)|^npm ERR!|^error Command failed|^make: \*\*\*|^Hint: "
    r"|^Error: Could not create the Java Virtual Machine|^Error: A fatal exception has occurred"
    r"|^[Ss]ee (?:also )?https?://|^\[\w+\] exited|^APPLICATION FAILED TO START$"
)
"""Lines that say no more than that it ends."""

ANNOUNCING = re.compile(
    r"panicked at .*:$|^Description:$|bootstrap check failure|^Error:$|^Caused by:$"
    r"|Missing environment variables?:$|^\*\*\* FATAL CONFIG"
    r"|^(?:Error|ERROR|error|fatal|FATAL)\b.*:$|encountered.*:$|^Reading the configuration file|^rake aborted!$"
    r"|^what\(\):$"
    r"|^terminate called|^PendingMigrationError|Error: ?$"
)
"""Lines that announce what the next one says."""

DETAIL = re.compile(
    r"^\s*(?:DETAIL|HINT|[Hh]int|[Rr]eason|CONTEXT|Caused by|\[1\]|0|what\(\)|error|Message) ?:\s+(?=\S)"
)
"""Lines below an error that hold its reason."""

OWN_BEFORE = messages(
    modes.EXCEPTION,
    (
        "Go crypto",
        r"failed to parse (?:private|public|EC|RSA) key|private key does not match public key"
        r"|failed to find any PEM data|"
        r"asn1: (?:structure|syntax) error|bad decrypt|PEM_read_bio|[Nn]o PEM|key values mismatch"
        r"|unsupported private key|"
        r"InvalidKeySpecException|could not deserialize key|x509: (?:failed to parse|malformed)",
        "crypto/tls/tls.go, OpenSSL",
    ),
    (
        "JSON parsers",
        r"invalid character '<' looking for|[Uu]nexpected token '?<|Expecting value: line 1 column 1 \(char 0\)"
        r"|<!DOCTYPE",
        "an answer that is no JSON",
    ),
    (
        "client-go",
        r"timed out waiting for (?:the )?caches? to (?:be )?sync|failed to wait for \S+ caches to sync"
        r"|leader election lost",
        "tools/cache, leaderelection",
    ),
    (
        "databases",
        r"statement timeout|lock (?:wait )?timeout|canceling statement due to|deadlock detected|DeadlockDetected"
        r"|Lock wait timeout exceeded",
        "server messages",
    ),
    (
        "databases",
        r"database \"[^\"]*\" does not exist|Unknown database '|relation \"[^\"]*\" (?:does not|already) exist"
        r"|column \"?[\w.]+\"? does not exist"
        r"|Table '[^']*' (?:doesn't|already) exist|no such (?:table|column)|duplicate key value|UndefinedTable"
        r"|UndefinedColumn|violates \w+[ -]\w+ constraint",
        "server messages",
    ),
    (
        "migration tools",
        r"Validate failed: |checksum mismatch|Can't locate revision|Could not acquire change log lock"
        r"|PendingMigrationError|[Mm]igrations are pending"
        r"|Dirty database version|Multiple head revisions|already has been bootstrapped|\bP30\d\d\b"
        r"|MigrationChecksum",
        "Flyway, Alembic, Liquibase, Rails",
    ),
    (
        "PostgreSQL server",
        r"database files are incompatible|lock file \"[^\"]*\" already exists|could not locate a valid checkpoint"
        r"|invalid primary checkpoint"
        r"|data directory \"[^\"]*\" has (?:wrong ownership|invalid permissions)"
        r"|initdb: error: directory \"[^\"]*\" exists but is not empty",
        "postmaster.c, xlog.c",
    ),
    (
        "data directories",
        r"failed to obtain node locks|Invalid cluster\.id|incompatible_feature_flags|featureCompatibilityVersion"
        r"|Bad file format reading the append only"
        r"|Wrong mongod version|already been bootstrapped|UPGRADE PROBLEM|Cannot boot server version"
        r"|Data Dictionary initialization failed",
        "server start-up",
    ),
)
"""Errors of the program's own, or of its data, whose words sound like another mode's."""

BUGS = messages(
    modes.EXCEPTION,
    (
        "Go runtime",
        r"^panic: runtime error|^fatal error: (?:concurrent map|all goroutines|stack overflow|unexpected signal)"
        r"|nil pointer dereference",
        "runtime/panic.go",
    ),
    (
        "Python",
        r"^(?:Type|Attribute|Name|Index|ZeroDivision|UnboundLocal|Assertion|Syntax|Indentation|Recursion"
        r"|NotImplemented|Unicode\w*|StopIteration|Overflow)Error\b"
        r"|^(?:ModuleNotFound|Import)Error\b|^KeyError: (?!'[A-Z][A-Z0-9_]+'$)",
        "Lib/exceptions",
    ),
    ("V8", r"^(?:Uncaught )?(?:Type|Reference|Range|Syntax|Eval)Error: (?!fetch failed)", "v8 messages"),
    (
        "Java",
        r"(?:^|: |thread \"[^\"]*\" )java\.lang\.(?:NullPointer|IndexOutOfBounds|ArrayIndexOutOfBounds|ClassCast"
        r"|Arithmetic|UnsupportedOperation|NegativeArraySize)Exception"
        r"|java\.lang\.(?:NoClassDefFound|NoSuchMethod|StackOverflow|UnsupportedClassVersion|Assertion"
        r"|ExceptionInInitializer)Error|ClassNotFoundException|ConcurrentModificationException",
        "java.lang",
    ),
    (
        "Ruby",
        r"\((?:NoMethod|Name|Type|Syntax|Load|ZeroDivision|Frozen|Stack|Local)\w*Error\)"
        r"|undefined (?:local variable or )?method",
        "error.c",
    ),
    (
        "PHP",
        r"Uncaught (?:Type|ArgumentCount|DivisionByZero|Arithmetic|Value|)Error: |Call to (?:undefined"
        r"|a member) function|Parse error: syntax error",
        "Zend",
    ),
    (
        "Rust",
        r"index out of bounds|called `Option::unwrap\(\)`|attempt to (?:\w+ with overflow|divide by zero)"
        r"|already borrowed|explicit panic|not (?:yet )?implemented$",
        "core::panicking",
    ),
    (
        ".NET",
        r"System\.(?:NullReference|IndexOutOfRange|InvalidCast|DivideByZero|ObjectDisposed|KeyNotFound"
        r"|NotImplemented|StackOverflow)Exception"
        r"|System\.(?:MissingMethodException|TypeLoadException"
        r"|IO\.FileNotFoundException: Could not load file or assembly)",
        "System",
    ),
    (
        "C++",
        r"terminate called after throwing an instance of 'std::(?:out_of_range|logic_error|invalid_argument"
        r"|length_error|bad_cast)'|pure virtual method called|double free or corruption|stack smashing detected"
        r"|Assertion `",
        "libstdc++, glibc",
    ),
)
"""Bugs that are complete in themselves: what stands above them was gone on after."""

USERS = messages(
    modes.WRONG_USER,
    (
        "refuse root",
        r"(?i:(?:must|can|should|do) ?not (?:be )?run(?:ning)?\b.{0,40}\b(?:as|by|under) (?:the )?(?:root|superuser"
        r"|uid 0)\b|\"root\" execution|refus\w* to run as root)"
        r"|[Rr]unning as root without|cannot be run as root|(?i:\brun\w* as root is not (?:supported|allowed"
        r"|permitted))",
        "PostgreSQL, Elasticsearch, Chrome",
    ),
    (
        "want root",
        r"(?i:(?:must|needs? to|has to) be (?:run(?:ning)? (?:as|by) )?(?:the )?root\b|requires? root\b"
        r"|are you root\?|requires superuser)",
        "usual wording",
    ),
    (
        "want root",
        r"(?i:(?:chown|chgrp|setgid|setuid|setgroups|chroot|mknod|setpriv|initgroups)\b.*[Oo]peration not permitted"
        r"|failed switching to \"[^\"]*\": operation not permitted|su: (?:must be|cannot set)"
        r"|unable to change to uid)",
        "setuid(2), chown(2), gosu",
    ),
    (
        "low ports",
        r"(?i:\bbind\w*\b[^\n]*permission denied|listen \w+ [^\n]*permission denied|listen EACCES"
        r"|permission denied[^\n]*(?:could not bind|make_sock|bind to address|bind\(\)))",
        "ip(7)",
    ),
    (
        "nginx",
        r"(?:mkdir|open)\(\) \"/(?:var/(?:cache|run|log|lib)/nginx|run)[^\"]*\" failed \(13: Permission denied\)",
        "ngx_file.c",
    ),
    (
        "images",
        r"(?i:cannot (?:create|open) [^\n]*: permission denied|mkdir[^\n]*(?:permission denied|EACCES)"
        r"|EACCES: permission denied|PermissionError: \[Errno 13\]|AccessDeniedException: /"
        r"|UnauthorizedAccessException: Access to the path"
        r"|open /[^\n]*: permission denied|touch: [^\n]*permission denied|os error 13|unable to (?:create"
        r"|write)[^\n]*permission denied|failed to open stream: Permission denied|Permission denied @ (?:rb_sysopen"
        r"|dir_s_mkdir))",
        "errno EACCES",
    ),
)
"""The program wants to be root and is not, is and will not, or may not write where its image has its files."""

PORTS = messages(
    modes.PORT_TAKEN,
    ("libc", r"(?i:address (?:already )?in use)|EADDRINUSE|AddrInUse|os error 98\b|\[Errno 98\]", "errno EADDRINUSE"),
    ("Gunicorn", r"Connection in use: \(", "gunicorn/sock.py"),
    ("Spring Boot", r"Port \d+ was already in use", "PortInUseFailureAnalyzer"),
    (".NET", r"AddressInUseException|Failed to bind to address", "Kestrel"),
    (
        "others",
        r"(?i:\bport:? \d{2,5} (?:is |was )?already (?:in use|allocated|taken|used)"
        r"|only one usage of each socket address)",
        "usual wording",
    ),
)
"""Somebody listens already where the program wants to."""
