"""How programs say that the other side does not accept who they are."""

from agent.diagnose import modes
from agent.diagnose.messages.message import messages

CREDENTIALS = messages(
    modes.CREDENTIALS_REFUSED,
    ("PostgreSQL server", r"password authentication failed for user|\b28P01\b", "src/backend/libpq/auth.c"),
    ("PostgreSQL server", r"(?:FATAL|psql|OperationalError).*role \"[^\"]*\" does not exist", "utils/init/miscinit.c"),
    ("PostgreSQL server", r"no pg_hba\.conf entry for|pg_hba\.conf rejects connection", "src/backend/libpq/auth.c"),
    ("libpq", r"fe_sendauth: no password supplied|SCRAM authentication failed", "src/interfaces/libpq/fe-auth.c"),
    (
        "PostgreSQL JDBC",
        r"no password was provided|requires password-based authentication",
        "core/v3/ConnectionFactoryImpl",
    ),
    ("PgBouncer", r"(?:password|SASL) authentication failed|FATAL: no such user: ", "src/client.c"),
    ("MySQL server", r"[Aa]ccess denied for user '|ER_ACCESS_DENIED_ERROR", "share/messages_to_clients.txt"),
    (
        "MySQL server",
        r"Host '[^']*' is not allowed to connect to this (?:MySQL|MariaDB) server",
        "messages_to_clients.txt",
    ),
    ("SQL Server", r"[Ll]ogin failed for (?:user|login)\b", "errors 18456"),
    ("Oracle", r"ORA-0(?:1017|1005|28000|28001)\b", "Database Error Messages"),
    (
        "MongoDB",
        r"(?i:sasl|auth(?:entication)?)[^\n]*\bAuthenticationFailed\b|MongoServerError: Authentication failed"
        r"|SCRAM authentication failed|OperationFailure: Authentication failed|command \w+ requires authentication"
        r"|not authorized on \w+ to execute command|bad auth : ",
        "src/mongo/base/error_codes.yml",
    ),
    (
        "Redis server",
        r"\bWRONGPASS\b|\bNOAUTH\b|\bNOPERM\b|invalid username-password pair|ERR invalid password"
        r"|ERR AUTH <password> called without|Client sent AUTH, but no password is set",
        "src/acl.c, src/networking.c",
    ),
    ("redis-py", r"redis\.exceptions\.AuthenticationError|Authentication required", "redis/exceptions.py"),
    (
        "RabbitMQ",
        r"ACCESS[_-]REFUSED|ProbableAuthenticationError"
        r"|AuthenticationFailureException",
        "rabbit_reader.erl",
    ),
    (
        "Kafka client",
        r"SaslAuthenticationException|SASL authentication (?:failed|error)|(?:Authentication|authentication)"
        r" failed (?:during|due to)[^\n]*SASL|SASL Authentication failed|[Ii]nvalid credentials with SASL"
        r"|TopicAuthorizationException|Not authorized to access (?:topics|group)",
        "common/errors",
    ),
    (
        "Elasticsearch",
        r"unable to authenticate (?:user|with provided credentials)|missing authentication credentials for"
        r"|failed to authenticate user \[|elasticsearch\.AuthenticationException",
        "x-pack security",
    ),
    ("Prisma", r"\bP1000\b|Authentication failed against database server", "Prisma error reference"),
    (
        "Vault",
        r"\* permission denied\b|invalid (?:role or secret ID|token)\b.*"
        r"|missing client token",
        "vault/logical",
    ),
    (
        "AWS SDKs",
        r"InvalidAccessKeyId|SignatureDoesNotMatch|\bExpiredToken\b|InvalidClientTokenId|AuthFailure\b"
        r"|UnrecognizedClientException|WebIdentityErr|is not authorized to perform|Not authorized to perform sts"
        r"|security token included in the request is (?:invalid|expired)"
        r"|Unable to locate credentials|NoCredentialsError|no EC2 IMDS role found|NoCredentialProviders"
        r"|Could not load credentials from any providers|CredentialsProviderError|Missing credentials in config",
        "AWS errors",
    ),
    (
        "Google Cloud",
        r"could not find default credentials|DefaultCredentialsError|[Ii]nvalid JWT Signature"
        r"|\bUNAUTHENTICATED\b|StatusCode\.UNAUTHENTICATED|code = Unauthenticated",
        "google-auth; gRPC codes",
    ),
    ("Azure", r"AADSTS\d{5,}|AuthorizationFailed|ClientAuthenticationError", "Entra error codes"),
    (
        "web APIs",
        r"(?i:invalid (?:api[- ]?key|access key|auth(?:entication|orization)? token|client[ _]secret|bearer token))"
        r"|[Ii]ncorrect API key|\b401 (?:Client Error: )?Unauthorized\b|\binvalid_client\b|\binvalid_grant\b"
        r"|[Bb]ad credentials"
        r"|[Rr]esponse code 401|(?<!expected )status(?: code)?[ :=]+401\b",
        "RFC 6749, RFC 9110",
    ),
    (
        "etcd",
        r"authentication failed, invalid user ID or password|etcdserver: user name is empty"
        r"|etcdserver: permission denied|invalid auth token",
        "api/v3rpc/rpctypes/error.go",
    ),
    (
        "NATS",
        r"(?i:nats: |-ERR ')?\b(?:Authorization Violation|Authentication Timeout|User Authentication Expired)\b",
        "server/errors.go",
    ),
    (
        "MQTT",
        r"Connection [Rr]efused: (?:Not authori[sz]ed|[Bb]ad user ?name or password)|not authorised\b",
        "MQTT 3.1.1 return codes",
    ),
    (
        "SMTP",
        r"SMTPAuthenticationError|\b535[ -]5\.7\.8\b|\b535 (?:Authentication|Incorrect)|Invalid login: 535",
        "RFC 4954",
    ),
    ("LDAP", r"LDAP[^\n]*(?:error code 49|Result Code 49|[Ii]nvalid [Cc]redentials)|INVALID_CREDENTIALS", "RFC 4511"),
    (
        "Cassandra",
        r"Provided username \S+ and/or password are incorrect|AuthenticationException: Authentication error"
        r"|Bad credentials|Failed to authenticate to",
        "auth/PasswordAuthenticator.java",
    ),
    ("ClickHouse", r"AUTHENTICATION_FAILED|Authentication failed: password is incorrect", "src/Access"),
    ("InfluxDB", r"unauthorized: unauthorized access|unable to parse authentication credentials", "http handler"),
    (
        "git",
        r"Authentication failed for 'https?://|HTTP Basic: Access denied|Permission denied \(publickey"
        r"|could not read Username for",
        "remote-curl.c, ssh",
    ),
    (
        "container registries",
        r"unauthorized: authentication required|denied: requested access to the resource",
        "distribution",
    ),
    (
        "Kubernetes clients",
        r"the server has asked for the client to provide credentials|^error: You must be logged in"
        r"|\bUnauthorized\b[^\n]*(?:kubernetes|10\.96\.0\.1)",
        "apimachinery api/errors",
    ),
    (
        "Java",
        r"javax\.security\.auth\.login\.(?:Failed)?LoginException|KrbException: (?:Client not found|Checksum failed)",
        "JAAS",
    ),
    (
        "others",
        r"(?i:\blogin (?:was )?refused\b|invalid username(?:/| or )password|(?:wrong|incorrect|invalid) password"
        r"|\bauthentication fail(?:ed|ure)\b|\b(?<!the server: )invalid (?:user )?credentials\b|credentials (?:are"
        r"|were) (?:not valid|invalid|rejected))",
        "usual wording",
    ),
)
