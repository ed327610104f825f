"""How programs say that a database has no connection left for them, or takes no writes."""

from agent.diagnose import modes
from agent.diagnose.messages.message import messages

EXHAUSTED = messages(
    modes.CONNECTIONS_EXHAUSTED,
    (
        "PostgreSQL server",
        r"sorry, too many clients already|remaining connection slots are reserved"
        r"|too many connections for (?:role|database)",
        "utils/init/postinit.c",
    ),
    (
        "MySQL server",
        r"[Tt]oo many connections|ER_CON_COUNT|max_user_connections|\bError 1040\b",
        "messages_to_clients.txt",
    ),
    (
        "PgBouncer",
        r"no more connections allowed|query_wait_timeout|pgbouncer cannot connect to server.*too many",
        "src/client.c",
    ),
    ("Redis server", r"max number of clients reached", "src/networking.c"),
    (
        "MongoDB",
        r"connection pool (?:is )?(?:paused|full)|Timed out while checking out a connection from connection pool"
        r"|WaitQueueTimeoutError|connection refused because too many open connections",
        "connection pool specification",
    ),
    ("Oracle", r"ORA-(?:00018|00020|12516|12519|12520)\b", "Database Error Messages"),
    ("HikariCP", r"Connection is not available, request timed out", "pool/HikariPool.java"),
    (
        "Apache DBCP, pool2",
        r"Cannot get a connection, pool error|Timeout waiting for idle object|Pool exhausted",
        "dbcp2",
    ),
    (
        "c3p0, Tomcat, Druid",
        r"PoolExhaustedException|wait millis \d+, active \d+|Unable to fetch a connection in \d+ seconds",
        "tomcat-jdbc",
    ),
    ("SQLAlchemy", r"QueuePool limit of size", "lib/sqlalchemy/pool/impl.py"),
    (
        "psycopg",
        r"couldn't get a connection after|PoolTimeout\b"
        r"|PoolError: connection pool exhausted",
        "psycopg_pool",
    ),
    (
        "Prisma",
        r"\bP2024\b|Timed out fetching a new connection from the connection pool|\bP2037\b",
        "Prisma error reference",
    ),
    (
        "knex, Sequelize",
        r"Timeout acquiring a connection|SequelizeConnectionAcquireTimeoutError"
        r"|ResourceRequest timed out|Operation timeout.*pool",
        "tarn, sequelize-pool",
    ),
    (
        "node-postgres, mysql2",
        r"timeout exceeded when trying to connect|No connections available\.",
        "pg-pool",
    ),
    (
        "ADO.NET",
        r"[Cc]onnection pool has been exhausted|prior to obtaining a connection from the pool"
        r"|max pool size was reached",
        "SqlClient, Npgsql",
    ),
    (
        "Active Record",
        r"could not obtain a connection from the pool within|ActiveRecord::ConnectionTimeoutError",
        "connection_pool.rb",
    ),
    (
        "Rust pools",
        r"pool timed out while waiting for an open connection|PoolTimedOut|timed out waiting for connection",
        "sqlx, r2d2",
    ),
    (
        "others",
        r"(?i:\b(?:connection|client) pool (?:is |was )?(?:exhausted|full)|no (?:free|available) connections? (?:in"
        r"|left)"
        r"|max(?:imum)?(?: number of)? (?:client )?connections (?:has been |was )?(?:reached|exceeded))",
        "usual wording",
    ),
)

READ_ONLY = messages(
    modes.DATABASE_READ_ONLY,
    (
        "PostgreSQL server",
        r"in a read-only transaction|cannot execute \w+ (?:TABLE )?during recovery|ReadOnlySqlTransaction"
        r"|(?:SQLSTATE|code: ')[^\n]{0,12}25006",
        "tcop/utility.c",
    ),
    (
        "MySQL server",
        r"--(?:super-)?read-only option|super_read_only|ER_OPTION_PREVENTS_STATEMENT",
        "messages_to_clients.txt",
    ),
    ("Redis server", r"\bREADONLY\b|against a read only replica|ReadOnlyError", "src/server.c"),
    (
        "MongoDB",
        r"NotWritablePrimary|NotPrimaryNoSecondaryOk|(?:Mongo\w*|pymongo[\w.]*|^)[^\n]{0,20}\bnot (?:primary"
        r"|master)\b(?! key)|NotMasterNoSlaveOk"
        r"|NotPrimaryError",
        "error_codes.yml",
    ),
    ("SQLite", r"attempt to write a readonly database|SQLITE_READONLY", "src/main.c"),
    (
        "Elasticsearch",
        r"index read-only|FORBIDDEN/(?:5|8|12)/|read-only-allow-delete|read_only_allow_delete block",
        "cluster/block",
    ),
    ("SQL Server", r"database is read-only|ERROR 3906", "errors 3906"),
    ("etcd", r"etcdserver: mvcc: database space exceeded", "api/v3rpc/rpctypes/error.go"),
    ("others", r"(?i:\b(?:database|replica|standby|node|cluster) is (?:in )?read[- ]?only)\b", "usual wording"),
)
