"""How programs say that a setting is missing, or that they can make nothing of what they were given."""

import re

from agent.diagnose import modes
from agent.diagnose.messages.message import messages

_UPPER = r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+"
_OPEN, _CLOSE = r"(?:process\.env\.|\$\{?|[\"'`(])*", r"[\"'`})]*"
_NAME = rf"(?<![\w.]){_OPEN}(?P<name>{_UPPER}){_CLOSE}"
_WORD = rf"{_OPEN}(?P<name>[A-Z][A-Z0-9_]{{2,}}){_CLOSE}"
_NEGATED = (
    r"(?i:(?:(?:is|was|are) )?(?:not (?:set|defined|found|provided|specified|configured|present|given)|unset"
    r"|undefined"
    r"|missing\b(?! a value)|required|empty|mandatory|needed|null\b|none\b|nil\b)"
    r"|(?:must|has to|needs to|should) be (?:set|provided|specified|defined|configured|given|non-?empty)"
    r"|(?:must not|cannot|can not|can't) be (?:empty|null|blank|unset))"
)
_VARIABLE = (
    r"(?i:environment variables?|env(?:ironment)?[ .-]?vars?|envvar|env|config(?:uration)?(?: key| value)?|settings?)"
)

MISSING = (
    re.compile(r"^KeyError: '(?P<name>[A-Z][A-Z0-9_]+)'", re.MULTILINE),
    re.compile(r"^(?P<name>[A-Za-z_][\w.]*)\s*\n\s+(?:Field|field) required", re.MULTILINE),
    re.compile(r"required key (?P<name>\w+) missing value"),
    re.compile(
        r"(?:^|[\s:])(?P<name>[A-Za-z_]\w*): (?:parameter (?:null or )?not set"
        r"|unbound variable)",
        re.MULTILINE,
    ),
    re.compile(r"Could not resolve placeholder '(?P<name>[\w.-]+)'"),
    re.compile(r"key not found: \"(?P<name>[A-Z][A-Z0-9_]+)\""),
    re.compile(r"specify one of (?:the following[^\n]*\n(?:[^\n]*\n)??\s*-?\s*)?(?P<name>[A-Z][A-Z0-9_]+)"),
    re.compile(r"[Mm]ust specify (?:either )?(?P<name>[A-Z][A-Z0-9]*_[A-Z0-9_]+)"),
    re.compile(r"\"path\": \[\s*\"(?P<name>[A-Z][A-Z0-9_]+)\"\s*\],\s*\"message\": \"(?:Required|Invalid input)"),
    re.compile(
        r"\b(?P<name>[A-Z][A-Z0-9_]+): \[?\s*['\"]?(?:Required|Invalid input: expected \w+, received undefined)"
    ),
    re.compile(r"Missing `(?P<name>\w+)` for '\w+' environment"),
    re.compile(r"The (?P<name>[A-Z][A-Z0-9_]+) setting must not be empty"),
    re.compile(r"(?i:missing environment variables?):\s*\n\s*(?P<name>[A-Z][A-Z0-9_]+)\b"),
    re.compile(r"\b(?P<name>[A-Z][A-Z0-9_]+)(?: must be set)?: NotPresent\b"),
    re.compile(r"config(?:uration)? property (?P<name>[a-z][\w.-]+) is required but it could not be found"),
    re.compile(r"insecure (?P<name>[A-Z][A-Z0-9]*_[A-Z0-9_]+)$", re.MULTILINE),
    re.compile(rf"{_VARIABLE}[:\s]+{_WORD}:?\s+{_NEGATED}"),
    re.compile(rf"(?<![\w.]){_WORD}:?\s+{_VARIABLE} {_NEGATED}"),
    re.compile(rf"(?i:missing|required|undefined|unset)(?i: required| mandatory)? {_VARIABLE}[:\s]+{_WORD}"),
    re.compile(rf"{_VARIABLE} not (?:found|set|defined|provided): {_WORD}"),
    re.compile(rf"(?i:set|provide|define|specify)(?i: the)? {_WORD} {_VARIABLE}"),
    re.compile(rf"(?i:set|provide|define|specify)(?i: the)? {_VARIABLE} {_WORD}"),
    re.compile(rf"{_NAME}:?\s+{_NEGATED}"),
    re.compile(rf"(?i:missing|required|undefined|unset)(?i: required| mandatory)?:? {_NAME}"),
    re.compile(rf"(?i:must|need to|have to|please) (?i:set|provide|define|specify)(?i: the)? {_NAME}"),
)
"""How programs say that a setting is missing; `name` is the setting's. The surest wording first."""

UNNAMED = messages(
    modes.SETTING_MISSING,
    (
        "Spring Boot",
        r"Failed to configure a DataSource: '(?P<name>url)' attribute is not specified",
        "DataSourceBeanCreationFailureAnalyzer",
    ),
    (
        "ADO.NET",
        r"The (?P<name>ConnectionString) property has not been initialized|No database provider has been configured",
        "System.Data",
    ),
    (
        ".NET",
        r"Value cannot be null\. \(Parameter '(?P<name>connectionString|uriString|host|connection)'\)",
        "System.ArgumentNullException",
    ),
    (
        "AWS SDKs",
        r"You must specify a (?P<name>region)\b|NoRegionError|Missing (?P<other>region) in config"
        r"|could not find region configuration",
        "botocore/exceptions.py",
    ),
    ("Rails", r"No (?P<name>secret_key_base)\b|Missing `secret_key_base`", "railties application.rb"),
    ("Laravel", r"No application encryption key has been specified", "Illuminate/Encryption"),
    ("oauth2-proxy", r"missing setting: (?P<name>[a-z][\w.-]+)", "pkg/validation"),
    ("Keycloak", r"(?P<name>hostname) is not configured; either", "Keycloak hostname v2"),
    (
        "OpenAI SDKs",
        r"The (?P<name>api_key) client option must be set|The OPENAI_API_KEY environment variable is missing",
        "openai client",
    ),
    (
        "others",
        r"(?i:no (?P<name>(?:database|redis|broker|connection) (?:url|uri|string|host|address)) (?:was |is "
        r"|has been )?(?:given|set|provided|configured|specified))"
        r"|(?i:(?P<other>(?:database|redis|broker|connection) (?:url|uri|string|host)) (?:is |was )?(?:required"
        r"|missing|not (?:set|configured|provided)))",
        "usual wording",
    ),
)
"""Settings named in words of their own; `name` is what they call it."""

_PATH = r"(?<![\w./-])/[\w./-]*\w"
_NO_FILE = r"(?:[Nn]o such file or directory|ENOENT|[Cc]annot find|[Nn]ot found(?! in )|does not exist)"
FILE = (
    re.compile(rf"(?P<path>{_PATH})[\"'`)]*[:,]? ?(?:file |is |was |open: )?{_NO_FILE}"),
    re.compile(rf"{_NO_FILE}[^\n/]*(?P<path>{_PATH})"),
    re.compile(rf"(?:[Cc]ould not open|[Cc]an(?:no|')t open)[^\n/]*(?P<path>{_PATH})"),
)
"""How programs say that a file is not there; `path` is the file's."""

_CONFIGURATION = re.compile(
    r"\.(?:ya?ml|json|toml|conf|cfg|cnf|ini|properties|env|xml|crt|cert|pem|key|p12|jks|hcl|tfvars|cue)$"
    r"|/(?:etc|configs?|conf|certs?|ssl|tls|secrets?|keys?|credentials)/"
)
_TOKEN = "/var/run/secrets/kubernetes"  # noqa: S105 - a path


def is_configuration(path: str) -> bool:
    """Return whether a path is that of a file a program is given, and not of its data."""
    return bool(_CONFIGURATION.search(path)) and not path.startswith(_TOKEN)


GARBLED = messages(
    modes.CONFIGURATION_UNREADABLE,
    (
        "YAML parsers",
        r"yaml: (?:line \d+|unmarshal|control|did not find|found)|YAMLError|YAMLException|(?:yaml"
        r"|ruamel)\.(?:scanner|parser|constructor)\.\w*Error"
        r"|error converting YAML to JSON|\(Psych::(?:SyntaxError|\w+)\)|error parsing YAML|invalid YAML"
        r"|Failed to parse YAML",
        "go-yaml, PyYAML, snakeyaml",
    ),
    (
        "JSON parsers",
        r"JSONDecodeError|in JSON at position|is not valid JSON|Unexpected end of JSON input|invalid JSON\b"
        r"|JsonParseException"
        r"|cannot unmarshal [^\n]*(?:[Cc]onfig|[Ss]ettings|[Oo]ptions)|invalid character '[^']*' (?:looking for"
        r"|after|in literal)|JsonReaderException"
        r"|unexpected end of JSON",
        "encoding/json, V8, Jackson",
    ),
    ("TOML parsers", r"TOMLDecodeError|toml: |TomlDecodeError|TOML parse error", "BurntSushi/toml, tomllib"),
    (
        "INI parsers",
        r"MissingSectionHeader|configparser\.\w+|(?:ini|properties) file.*(?:syntax|parse)",
        "Lib/configparser.py",
    ),
    ("XML parsers", r"SAXParseException|xml\.parsers\.expat|XML document structures must start", "JAXP, expat"),
    (
        "nginx",
        r"\[emerg\][^\n]*(?:unknown directive|unexpected|invalid (?:number|value|parameter|port|URL|host)"
        r"|directive is not (?:allowed|terminated)"
        r"|is duplicate|duplicate|not terminated|unknown \"|has no \"|missing)|unexpected \"[;}{]\""
        r"|unknown directive",
        "src/core/ngx_conf_file.c",
    ),
    (
        "Apache httpd",
        r"AH00526: |AH00\d+: Syntax error|Invalid command '[^']+', perhaps misspelled|Syntax error on line \d+ of",
        "server/config.c",
    ),
    (
        "HAProxy",
        r"config : parsing \[[^\]]*\] ?:|[Ff]atal errors? found in configuration|unknown keyword '",
        "src/cfgparse.c",
    ),
    (
        "Envoy",
        r"error initializing configuration|Protobuf message \(type [^)]*\)|Unable to parse (?:JSON|YAML)",
        "source/server/server.cc",
    ),
    ("Redis server", r"FATAL CONFIG FILE ERROR|Bad directive or wrong number of arguments", "src/config.c"),
    (
        "PostgreSQL server",
        r"unrecognized configuration parameter|configuration file \"[^\"]*\" contains errors"
        r"|invalid value for parameter \"",
        "utils/misc/guc.c",
    ),
    ("MySQL server", r"unknown (?:variable|option) '|Found option without preceding group", "mysys/my_getopt.cc"),
    ("MongoDB server", r"Unrecognized option: |Error parsing (?:YAML|command line|INI)", "util/options_parser"),
    (
        "RabbitMQ",
        r"Failed to (?:parse|load) (?:advanced )?configuration|You've tried to set \S+, but there is no setting"
        r"|cuttlefish",
        "cuttlefish",
    ),
    (
        "Kafka, ZooKeeper",
        r"ConfigException|Missing required configuration|QuorumPeerConfig\$ConfigException"
        r"|Invalid value \S+ for configuration",
        "common/config",
    ),
    (
        "Elasticsearch, Logstash",
        r"unknown setting \[|[Ff]ailed to parse (?:value|setting) \[|LogStash::ConfigurationError|SettingsException"
        r"|ElasticsearchParseException: "
        r"|Config(?:uration)? (?:validation )?[Ee]rror|FATAL[^\n]*Error: \[config validation of \[",
        "Settings.java",
    ),
    (
        "Prometheus family",
        r"[Ee]rror loading config|parsing YAML file|Loading configuration file failed"
        r"|field \w+ not found in type \S*(?:[Cc]onfig|plain)\w*\b"
        r"|undefined receiver|unmarshal errors",
        "config/config.go",
    ),
    (
        "Grafana, Loki, Tempo",
        r"provisioning error|failed parsing config|failed to parse \"[^\"]*\"|error loading configuration",
        "pkg/cfg",
    ),
    (
        "Fluent Bit, Fluentd",
        r"configuration file contains errors|is not a valid section name|Fluent::ConfigParseError"
        r"|Fluent::ConfigError|config error (?:in|file=)",
        "fluent-bit.c, config_parser.rb",
    ),
    (
        "OpenTelemetry collector",
        r"failed to get config: |cannot (?:unmarshal|resolve) the configuration|'[^']*' (?:has invalid keys"
        r"|unknown type)|references (?:exporter|receiver|processor) \"[^\"]*\" which is not configured"
        r"|decoding failed due to the following error",
        "confmap",
    ),
    (
        "Traefik, Vault, HashiCorp",
        r"error loading configuration|error decoding '|invalid key '|unsupported argument|[Ee]rror parsing (?:HCL"
        r"|config)|command traefik error",
        "hcl",
    ),
    ("Caddy", r"adapting config using|unrecognized directive: ", "caddyconfig"),
    (
        "MinIO",
        r"Invalid command line arguments|Unable to (?:initialize the server|validate credentials)",
        "cmd/config-errors.go",
    ),
    (
        "Neo4j, Keycloak",
        r"Failed to read config: |Unrecognized setting|Invalid value for option '",
        "neo4j configuration",
    ),
    (
        "CoreDNS",
        r"Corefile:\d+ - Error|Unknown directive '|plugin/\w+: (?:unknown property|not a valid)",
        "core/dnsserver",
    ),
    (
        "Spring Boot",
        r"Failed to bind properties under|Failed to convert (?:property )?value of type|ConfigDataResourceNotFound"
        r"|InvalidConfigDataPropertyException|Config data location .* cannot be found",
        "BindFailureAnalyzer",
    ),
    (
        "Hibernate, JDBC",
        r"No suitable driver|Driver [\w.]+ claims to not accept jdbcUrl|Unable to determine Dialect"
        r"|[Uu]nknown database type",
        "DriverManager",
    ),
    ("pydantic", r"validation errors? for (?:\w*(?:Settings|Config)\w*)", "pydantic-settings"),
    (
        "Python packages",
        r"ImproperlyConfigured|ArgumentError: (?:Could not parse|Expected string or URL)|invalid dsn: "
        r"|Port could not be cast to integer"
        r"|(?:dj_database_url|celery|kombu)[^\n]*(?:Unknown|Invalid|No such transport)|invalid connection option",
        "Django, SQLAlchemy",
    ),
    (
        "Node packages",
        r"Config(?:uration)? validation error|ERR_INVALID_URL|Invalid URL\b|\bP1012\b|\bP1013\b"
        r"|The provided database string is invalid|ERR_SOCKET_BAD_PORT|ConfigError",
        "whatwg-url, Prisma",
    ),
    (
        "URL parsers",
        r"[Ii]nvalid port \"[^\"]*\" after host|first path segment in URL cannot contain colon"
        r"|missing protocol scheme|unsupported protocol scheme|failed to parse as (?:URL|DSN|keyword)"
        r"|URISyntaxException|MalformedURLException|no protocol: ",
        "net/url, java.net",
    ),
    (
        "Go time, flag",
        r"time: (?:missing unit|unknown unit|invalid duration)|invalid value \"[^\"]*\" for (?:flag|\"?--?)"
        r"|invalid argument \"[^\"]*\" for \"",
        "time/format.go, flag",
    ),
    (
        "command lines",
        r"flag provided but not defined|unknown (?:shorthand )?(?:flag|option)s?:? [\"\'`-]|unrecognized (?:option"
        r"|arguments?)|error: argument \S+: |unexpected argument '"
        r"|(?:illegal|invalid|bad|unknown) (?:command[- ]line )?option\b[:,]? [-\"\'`]|unknown command \""
        r"|found argument '[^']*' which wasn't expected|Unrecognized (?:VM )?option|no such option"
        r"|got unexpected extra argument"
        r"|unknown argument|error: invalid value '"
        r"|Invalid (?:maximum|initial) heap size|Invalid thread stack size|Initial heap size set to a larger value",
        "flag, pflag, getopt, argparse, clap, JVM",
    ),
    (
        "others",
        r"(?i:invalid config(?:uration)?\b|(?:error|failed|failure|cannot|could not|unable) (?:to |in "
        r"|while )?(?:reading|read|parsing|parse|load(?:ing)?|decod(?:e|ing)|unmarshal(?:ling)?|validat(?:e"
        r"|ing)) (?:the |its |app(?:lication)? )*(?:config(?:uration)?|settings)\b"
        r"|config(?:uration)? (?:file )?(?:is |was )?(?:invalid|malformed|contains errors|has errors"
        r"|could not be (?:read|parsed)|is not valid)|(?:config(?:uration)?|settings)[^\n]{0,40}(?:syntax"
        r"|parse) error)",
        "usual wording",
    ),
    (
        "others",
        r"(?i:\b(?:error|failed|cannot|could not|unable) (?:to )?(?:parse|unmarshal|decode|parsing|unmarshalling"
        r"|decoding)\b[^\n]*(?:config|settings?|\.ya?ml|\.json|\.toml|\.conf|\.ini|\.env\b|--\w|environment|flag"
        r"|\bport\b|duration|url|dsn))",
        "usual wording",
    ),
)
"""How programs say that they can make nothing of what they were given."""

CONVERSION = messages(
    modes.CONFIGURATION_UNREADABLE,
    (
        "Python",
        r"invalid literal for int|could not convert string|Invalid isoformat string|not a valid (?:boolean|port"
        r"|integer)",
        "Objects/longobject.c",
    ),
    ("Go strconv", r"strconv\.\w+: parsing|invalid syntax", "strconv/atoi.go"),
    (
        "Java",
        r"NumberFormatException|IllegalArgumentException: (?:Invalid|No enum constant)|DateTimeParseException",
        "java.lang",
    ),
    ("Rust", r"ParseIntError|ParseFloatError|ParseBoolError|invalid digit found in string", "core::num"),
    (".NET", r"FormatException|was not in a correct format|not recognized as a valid", "System"),
    ("Ruby", r"invalid value for (?:Integer|Float)\(\)", "kernel.c"),
    ("Node", r"Invalid (?:port|number|duration|boolean)\b|should be >= 0 and < 65536", "net.js"),
    (
        "others",
        r"(?i:\binvalid (?:port|url|duration|boolean|log ?level|level|address|time ?zone)\b"
        r"|must be (?:an? )?(?:integer|number|boolean|port)\b|not a valid \w+)",
        "usual wording",
    ),
)
"""Failed conversions: of a setting where one holds the text, else of some datum."""
