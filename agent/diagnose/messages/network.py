"""How programs say that a name does not resolve, or that nobody takes or answers a connection.

Go's resolver writes the name server it asked into every complaint (`lookup db on 10.96.0.10:53: no such host`): that is
an answer about a name, not a silent server.
"""

from agent.diagnose import modes
from agent.diagnose.messages.message import any_of, messages

UNREACHABLE = modes.DEPENDENCY_UNREACHABLE

NO_ANSWER_ABOUT_NAMES = messages(
    UNREACHABLE,
    (
        "Go net",
        r"lookup \S+[^\n]*(?:i/o timeout|connection refused|read udp|network is unreachable)|read udp \S+:53: ",
        "net/dnsclient_unix.go",
    ),
    ("Go net", r"lookup \S+ on \S+:53: (?:dial|read|write) |dial udp \S+:53", "net/dnsclient_unix.go"),
    ("libc", r"(?:getaddrinfo|resolv\w*|lookup)[^\n]*timed? ?out", "gai_strerror(3)"),
    (
        "Node dns",
        r"query(?:A|Srv|Txt|Any|Mx|Cname)? (?:ETIMEOUT|ECONNREFUSED|ESERVFAIL)|DNS server returned general failure",
        "c-ares ares_strerror",
    ),
    (
        "BIND tools",
        r"no servers could be reached|connection timed out; no servers|communications error to \S+#53",
        "dig, nslookup",
    ),
    (
        "resolvers",
        r"\bSERVFAIL\b|DNS (?:query|request|lookup|resolution) time(?:d )?out|DnsNameResolverTimeoutException"
        r"|DNS server (?:is )?(?:not responding|unreachable)",
        "RFC 1035",
    ),
)
"""No name server answered."""

NO_ANSWER_NOW = messages(
    UNREACHABLE,
    ("Go net", r"lookup \S+[^\n]*server misbehaving", "net/net.go errServerMisbehaving"),
    ("libc", r"[Tt]emporary failure in name resolution|\bEAI_AGAIN\b|\[Errno -3\]", "gai_strerror(3)"),
    (
        "musl",
        r"[Tt]ry again\b.*(?:lookup|resolv|getaddrinfo)|(?:getaddrinfo|resolv\w*|lookup)[^\n]*[Tt]ry again",
        "gai_strerror.c",
    ),
)
"""A name server did not answer, or answered that it cannot say: of one name, or of all."""

NO_SUCH_NAME = messages(
    UNREACHABLE,
    ("Go net", r"no such host", "net/net.go errNoSuchHost"),
    ("Node dns", r"\bENOTFOUND\b|query\w* ENODATA", "doc/api/dns.md"),
    (
        "libc",
        r"[Nn]ame or service not known|[Nn]ame does not resolve|[Nn]o address associated with hostname"
        r"|nodename nor servname|[Nn]ame has no usable address|[Nn]on-recoverable failure in name resolution",
        "gai_strerror(3)",
    ),
    (
        "Java",
        r"UnknownHostException|UnresolvedAddressException|[Nn]o resolvable bootstrap urls|unresolved address",
        "java.net",
    ),
    ("curl, wget", r"[Cc]ould not resolve (?:host|proxy)|unable to resolve host address", "lib/strerror.c"),
    ("libpq", r"[Cc]ould not translate host name", "fe-connect.c"),
    ("MySQL client", r"[Uu]nknown (?:MySQL |MariaDB )?server host", "include/errmsg.h"),
    (
        "nginx, HAProxy, Envoy",
        r"host not found|could not (?:be resolved|resolve (?:address|host))|no resolver defined to resolve"
        r"|[Dd]NS resolution fail(?:ed|ure)",
        "ngx_inet.c, server.c",
    ),
    ("BusyBox", r"bad address|can't resolve '", "libbb/xconnect.c"),
    ("BIND tools", r"\bNXDOMAIN\b|server can't find", "dig, nslookup"),
    (".NET", r"[Nn]o such host is known|HostNotFound", "SocketError"),
    ("Python", r"NameResolutionError|Failed to resolve '|gaierror|\[Errno -[25]\]", "urllib3, socket"),
    ("Rust", r"failed to lookup address information|dns error", "std::net, hyper"),
    ("Ruby", r"getaddrinfo(?:\(3\))?: |SocketError: getaddrinfo", "ext/socket"),
    ("Redis, RabbitMQ, Erlang", r"\bnxdomain\b", "inet(3)"),
    (
        "others",
        r"(?i:(?:could not|cannot|can't|couldn't|failed to|unable to) resolve (?:the )?(?:host(?:name)?|address"
        r"|server|dns|name|endpoint)\b)"
        r"|(?i:\bunknown host\b(?! key))",
        "usual wording",
    ),
)
"""A name server answered that there is no such name."""

REFUSED = messages(
    UNREACHABLE,
    (
        "libc",
        r"ECONNREFUSED|[Cc]onnection [Rr]efused(?! by user)(?!: (?:[Nn]ot authori|[Bb]ad user))|ConnectionRefused"
        r"|os error 111",
        "errno ECONNREFUSED",
    ),
    (
        "Python asyncio",
        r"Connect call failed|ConnectionRefusedError|Cannot connect to host \S+",
        "asyncio/selector_events.py, aiohttp",
    ),
    ("curl", r"[Ff]ailed to connect to|Couldn't connect to server", "lib/connect.c"),
    (
        "MySQL client",
        r"[Cc]an't connect to (?:local )?(?:MySQL |MariaDB )?server|[Cc]ommunications link failure|ERROR 200[23]\b"
        r"|Lost connection to (?:MySQL )?server at|CJCommunicationsException",
        "include/errmsg.h, Connector/J",
    ),
    ("PostgreSQL JDBC", r"Connection to \S+ refused", "ConnectionFactoryImpl.java"),
    (
        "PostgreSQL client",
        r"Is the server running (?:on|locally)|could not connect to server"
        r"|[Ss]erver closed the connection unexpectedly"
        r"|the database system is (?:starting up|shutting down|in recovery)|no response from server",
        "fe-connect.c",
    ),
    ("Prisma", r"\bP1001\b|\bP1002\b|\bP1017\b|Can't reach database server", "Prisma error reference"),
    (
        "SQL Server client",
        r"network-related or instance-specific error|server was not found or was not accessible",
        "SqlClient",
    ),
    (
        "StackExchange.Redis",
        r"not possible to connect to the redis server|No connection is (?:active/)?available to service",
        "ExceptionFactory.cs",
    ),
    (
        "Lettuce, Jedis",
        r"[Uu]nable to connect to (?:Redis|\S+[:/<])|JedisConnectionException|Could not get a resource from the pool",
        "lettuce-core",
    ),
    (
        "Kafka clients",
        r"NoBrokersAvailable|run out of available brokers|brokers are down|Timed out waiting for a node assignment"
        r"|Broker may not be available|KafkaJSNumberOfRetriesExceeded|BrokerNotAvailable"
        r"|Bootstrap broker \S+ .*disconnected"
        r"|Failed to get metadata|all bootstrap brokers|LEADER_NOT_AVAILABLE|Failed to update metadata after",
        "clients",
    ),
    (
        "ZooKeeper",
        r"ConnectionLoss\b|KeeperErrorCode = (?:ConnectionLoss|OperationTimeout)|ZooKeeperClientTimeoutException",
        "KeeperException.java",
    ),
    (
        "Cassandra",
        r"Could not reach any contact point|NoHostAvailable|All host\(s\) tried for query failed"
        r"|Unable to connect to any servers",
        "drivers",
    ),
    ("NATS", r"no servers available for connection|nats: timeout|nats: connection closed", "nats.go"),
    (
        "RabbitMQ clients",
        r"AMQPConnectionError|amqp\.exceptions\.ConnectionError|\bSocket closed abruptly during opening handshake"
        r"|BrokerUnreachableException|None of the specified endpoints were reachable|AmqpConnectException",
        "pika, kombu, .NET client",
    ),
    (
        "MongoDB drivers",
        r"ServerSelection(?:Timeout)?Error|server selection (?:error|timeout)|MongoNetworkError|MongoTimeoutError"
        r"|MongoSocketOpenException|No servers (?:are )?available|[Nn]o suitable servers found"
        r"|ServerSelectionTimeout",
        "server selection specification",
    ),
    (
        "Elasticsearch clients",
        r"NoNodeAvailable|No Living connections|Unable to retrieve version information from Elasticsearch"
        r"|elastic(?:search|_transport)\.(?:exceptions\.)?Connection(?:Error|Timeout)|NoNodesAvailable"
        r"|None of the configured nodes",
        "transport",
    ),
    (
        "gRPC",
        r"code = Unavailable\b|StatusCode\.UNAVAILABLE|failed to connect to all addresses|14 UNAVAILABLE"
        r"|no healthy upstream",
        "statuscodes.md",
    ),
    ("memcached", r"SERVER HAS FAILED AND IS DISABLED|Memcached[^\n]*[Uu]nable to connect", "libmemcached"),
    (
        "Vault, Consul",
        r"Vault is sealed|No cluster leader|no known consul servers|error authenticating: .*dial",
        "vault, consul",
    ),
    (
        "etcd",
        r"etcdserver: no leader|there is no connection available|etcdclient: no available endpoints",
        "rpctypes/error.go",
    ),
    ("LDAP, SMTP", r"Can't contact LDAP server|SMTPServerDisconnected|SMTPConnectError", "libldap, smtplib"),
    (
        "resets",
        r"ECONNRESET|[Cc]onnection reset by peer|[Ss]ocket hang up|ECONNABORTED|EPIPE\b|[Bb]roken pipe"
        r"|ServerDisconnectedError|RemoteDisconnected|unexpected EOF on client connection",
        "errno ECONNRESET",
    ),
    (
        "others",
        r"(?i:(?:could not|cannot|can't|couldn't|failed to|unable to|error) connect(?:ing)? (?:to"
        r"|with)\b(?! \('0\.0))"
        r"|(?i:failed to (?:establish|open|obtain|acquire)(?: a| an| the)?(?: new)?(?: \w+)? connection\b"
        r"|\bconnection to \S+ (?:failed|refused|lost|closed|timed out))"
        r"|Acquisition timeout while waiting for new connection",
        "usual wording",
    ),
    (
        "migration tools",
        r"Unable to obtain connection from database|Connection could not be created|ConnectionNotEstablished"
        r"|Unable to (?:acquire|open|build) JDBC Connection|Unable to connect to (?:the )?database"
        r"|SequelizeConnection\w*Error"
        r"|HibernateException: .*Connection|database (?:is )?not (?:reachable|available)|DatabaseConnectionError",
        "Flyway, Liquibase, Hibernate",
    ),
)
"""Nobody listens there, or who does hangs up."""

TIMED_OUT = messages(
    UNREACHABLE,
    (
        "Go net",
        r"i/o timeout|context deadline exceeded|Client\.Timeout (?:exceeded|or context)|TLS handshake timeout"
        r"|net/http: timeout",
        "net/net.go",
    ),
    (
        "libc",
        r"ETIMEDOUT|[Cc]onnection timed out|[Oo]peration timed out|EHOSTUNREACH|ENETUNREACH|[Nn]o route to host"
        r"|[Nn]etwork is unreachable|os error 1(?:10|13)\b|\[Errno 1(?:10|13)\]|ESOCKETTIMEDOUT",
        "errno ETIMEDOUT, EHOSTUNREACH",
    ),
    (
        "Python clients",
        r"(?:Connect|Read|Write|Pool)Timeout(?:Error)?\b(?! acquiring)|[Rr]ead timed out|connect timeout="
        r"|<urlopen error timed out>"
        r"|(?:socket\.|^)(?:timeout|TimeoutError): timed out",
        "requests, httpx, urllib3",
    ),
    (
        "Java clients",
        r"SocketTimeoutException|[Cc]onnect(?:ion attempt)? timed out|ConnectTimeoutException"
        r"|HttpConnectTimeoutException",
        "java.net",
    ),
    (
        "Node clients",
        r"UND_ERR_(?:CONNECT|HEADERS|BODY)_TIMEOUT|Connect Timeout Error|timeout of \d+ms exceeded"
        r"|Connection terminated due to connection timeout",
        "undici, axios, pg",
    ),
    (
        "gRPC",
        r"StatusCode\.DEADLINE_EXCEEDED|DeadlineExceeded|Deadline Exceeded"
        r"|4 DEADLINE_EXCEEDED",
        "statuscodes.md",
    ),
    (
        ".NET",
        r"HttpClient\.Timeout of|Connection Timeout Expired|A connection attempt failed because the connected party",
        "System.Net",
    ),
    (
        "databases",
        r"Timeout expired\.? +The timeout period elapsed"
        r"|[Cc]onnection (?:attempt )?(?:to \S+ )?(?:has )?time[d-]? ?out|connect(?:ion)? time-?out",
        "drivers",
    ),
    (
        "Kafka",
        r"TimeoutException: (?:Timed out waiting|Topic \S+ not present|Failed to)|Local: (?:Message|Broker) t",
        "clients",
    ),
    (
        "waiting scripts",
        r"timeout occurred after waiting \d+|Timeout after \d+s? waiting on|(?i:timed out waiting for (?!cache"
        r"|caches|the condition)\S*(?::\d+| (?:host|service|server|database|tcp)))",
        "wait-for-it, dockerize",
    ),
)
"""Nobody answers at all, as where a policy drops packets."""

NAMES = any_of(NO_SUCH_NAME)
SILENCE = any_of(NO_ANSWER_ABOUT_NAMES)
UNSURE = any_of(NO_ANSWER_ABOUT_NAMES, NO_ANSWER_NOW)
REFUSALS = any_of(REFUSED)
TIMEOUTS = any_of(TIMED_OUT)
COMPLAINTS = any_of(REFUSED, TIMED_OUT)
