"""300 strings, half of them with a secret: what must go, and what must stay.

Secrets are made when the tests run, out of parts, so that no scanner takes this file for a leak. The tokens have the
shapes of the examples that detect-secrets (v1.5.0) and gitleaks (v8.30) test themselves with.
"""

import base64
import json
import random
import string
from collections.abc import Callable

UPPER, LOWER, DIGITS = string.ascii_uppercase, string.ascii_lowercase, string.digits
WORD = UPPER + LOWER + DIGITS
HEX = "0123456789abcdef"

Secret = tuple[str, str]
"""A text and the part of it that must not survive."""


def drawn(alphabet: str, length: int, seed: object = 0) -> str:
    """Return a random text, the same at every run."""
    source = random.Random(f"{alphabet}{length}{seed}")
    return "".join(source.choice(alphabet) for _ in range(length))


def packed(text: str) -> str:
    """Return base64 of a text."""
    return base64.b64encode(text.encode()).decode()


def pem(kind: str = "RSA ") -> tuple[str, str]:
    """Return a private key as PEM, and a line of what is in it."""
    body = [drawn(WORD + "+/", 64, f"pem{number}") for number in range(3)]
    return "\n".join([f"-----BEGIN {kind}PRIVATE KEY-----", *body, f"-----END {kind}PRIVATE KEY-----"]), body[1]


PW = "Tr0ub4dor" + "andThree"
PLAIN_PW = "hunter" + "two"
B64_PW = packed(f"bot:{PW}")
JWT = f"eyJ{drawn(WORD, 20, 1)}.eyJ{drawn(WORD, 40, 2)}.{drawn(WORD + '-_', 43, 3)}"
JWE = f"eyJ{drawn(WORD, 40, 4)}..{drawn(WORD, 16, 5)}.{drawn(WORD, 60, 6)}.{drawn(WORD, 22, 7)}"

TOKENS: dict[str, str] = {
    "github classic": "ghp_" + drawn(WORD, 36),
    "github oauth": "gho_" + drawn(WORD, 36),
    "github app": "ghs_" + drawn(WORD, 36),
    "github refresh": "ghr_" + drawn(WORD, 36),
    "github fine": "github_pat_" + drawn(WORD + "_", 82),
    "gitlab": "glpat-" + drawn(WORD + "_-", 20),
    "gitlab runner": "glrt-" + drawn(WORD, 20),
    "gitlab trigger": "glptt-" + drawn(HEX, 40),
    "gitlab deploy": "gldt-" + drawn(WORD, 20),
    "gitlab old runner": "GR1348941" + drawn(WORD, 20),
    "slack bot": f"xoxb-{drawn(DIGITS, 12)}-{drawn(DIGITS, 12, 1)}-{drawn(WORD, 24)}",
    "slack user": f"xoxp-{drawn(DIGITS, 6)}-{drawn(DIGITS, 6, 1)}-{drawn(DIGITS, 6, 2)}-{drawn(HEX, 18)}",
    "slack app": f"xapp-1-A{drawn(WORD, 10)}-{drawn(DIGITS, 13)}-{drawn(HEX, 64)}",
    "aws": "AKIA" + drawn(UPPER + "234567", 16),
    "aws session": "ASIA" + drawn(UPPER + "234567", 16),
    "google api": "AIza" + drawn(WORD + "-_", 35),
    "google oauth": "ya29." + drawn(WORD + "-_", 60),
    "google secret": "GOCSPX-" + drawn(WORD + "-_", 28),
    "npm": "npm_" + drawn(WORD, 35) + "1",
    "pypi": "pypi-AgEIcHlwaS5vcmc" + drawn(WORD + "-_", 70),
    "hugging face": "hf_" + drawn(WORD, 34),
    "docker hub": "dckr_pat_" + drawn(WORD + "-_", 27),
    "openai": f"sk-{drawn(WORD, 20)}T3BlbkFJ{drawn(WORD, 20, 1)}",
    "openai project": "sk-proj-" + drawn(WORD + "-_", 74),
    "anthropic": "sk-ant-api03-" + drawn(WORD + "-_", 93) + "AA",
    "stripe": "sk_live_" + drawn(WORD, 24),
    "stripe restricted": "rk_test_" + drawn(WORD, 24),
    "stripe webhook": "whsec_" + drawn(WORD, 32),
    "sendgrid": f"SG.{drawn(WORD + '-_', 22)}.{drawn(WORD + '-_', 43)}",
    "twilio": "SK" + drawn(HEX, 32),
    "mailgun": "key-" + drawn(HEX, 32),
    "mailchimp": drawn(HEX, 32) + "-us12",
    "digitalocean": "dop_v1_" + drawn(HEX, 64),
    "databricks": "dapi" + drawn(HEX, 32),
    "doppler": "dp.pt." + drawn(WORD, 43),
    "dynatrace": f"dt0c01.{drawn(UPPER + DIGITS, 24)}.{drawn(UPPER + DIGITS, 64)}",
    "square": "sq0csp-" + drawn(WORD + "-_", 43),
    "shopify": "shpat_" + drawn(HEX, 32),
    "vault": "hvs." + drawn(WORD, 95),
    "vault old": "s." + drawn(WORD, 23) + "7",
    "terraform": f"{drawn(WORD, 14)}.atlasv1.{drawn(WORD, 64)}",
    "grafana": f"glsa_{drawn(WORD, 32)}_{drawn(HEX, 8)}",
    "linear": "lin_api_" + drawn(WORD, 40),
    "postman": f"PMAK-{drawn(HEX, 24)}-{drawn(HEX, 34)}",
    "pulumi": "pul-" + drawn(HEX, 40),
    "planetscale": "pscale_pw_" + drawn(WORD, 43),
    "sentry": "sntryu_" + drawn(HEX, 64),
    "new relic": "NRAK-" + drawn(UPPER + DIGITS, 27),
    "artifactory": "AKCp" + drawn(WORD, 69),
    "age": "AGE-SECRET-KEY-1" + drawn("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58),
    "discord": f"M{drawn(WORD, 23)}.{drawn(WORD, 6)}.{drawn(WORD + '-_', 27)}",
    "telegram": f"{drawn(DIGITS, 10)}:AA{drawn(WORD + '-_', 33)}",
    "openshift": "sha256~" + drawn(WORD + "-_", 43),
    "alibaba": "LTAI" + drawn(WORD, 20),
    "rubygems": "rubygems_" + drawn(HEX, 48),
}

_KEYED: tuple[Callable[[str], str], ...] = (
    lambda s: f"DB_PASSWORD={s}",
    lambda s: f"password: {s}",
    lambda s: f"password: &pw {s}",
    lambda s: f"password: !vault {s}",
    lambda s: f"password: !!str &a {s}",
    lambda s: f'password: &pw "{s}"',
    lambda s: f"db:\n  password: |-\n    {s}\n  host: db",
    lambda s: f"db:\n  password: &p >\n    {s}\n",
    lambda s: f"password:\n  {s}\n",
    lambda s: f"  - password: '{s}'",
    lambda s: f'{{"clientSecret":"{s}","id":7}}',
    lambda s: f'{{"message":"{{\\"password\\":\\"{s}\\"}}"}}',
    lambda s: f"spring.datasource.password={s}",
    lambda s: f"REDISCLI_AUTH={s} redis-cli ping",
    lambda s: f"PGPASSWORD={s} psql -h db -U app",
    lambda s: f"MYSQL_PWD={s}",
    lambda s: f"passphrase: correct horse {s} staple",
    lambda s: f"ssl_keystore_password = {s}",
    lambda s: f"requirepass {s}",
    lambda s: f"CREATE USER app IDENTIFIED BY '{s}'",
    lambda s: f"ALTER ROLE app WITH ENCRYPTED PASSWORD '{s}'",
    lambda s: f"<password>{s}</password>",
    lambda s: f'<add key="DbPassword" value="{s}"/>',
    lambda s: f"machine git.example login bot password {s}",
    lambda s: f"db:5432:shop:app:{s}",
    lambda s: f"PresharedKey = {s}",
    lambda s: f"Cookie: session={s}; theme=dark",
    lambda s: f"Set-Cookie: sid={s}; Path=/; HttpOnly",
    lambda s: f"X-Api-Key: {s}",
    lambda s: f"login failed for admin, password={s}, from 10.0.0.1",
)

_STRINGS: tuple[Callable[[str], str], ...] = (
    lambda s: f"app:{s}@tcp(db:3306)/shop?parseTime=true",
    lambda s: f"app:{s}@unix(/var/run/mysqld.sock)/shop",
    lambda s: f"jdbc:postgresql://db:5432/shop?user=app&password={s}",
    lambda s: f"jdbc:sqlserver://db:1433;databaseName=shop;user=sa;password={s};encrypt=true",
    lambda s: f"jdbc:oracle:thin:scott/{s}@//db:1521/ORCL",
    lambda s: f"Driver={{ODBC Driver 18 for SQL Server}};Server=db;UID=sa;PWD={s};",
    lambda s: f"DRIVER=x;UID=sa;PWD={{{s};}};Server=db",
    lambda s: f"host=db user=app password={s} dbname=shop sslmode=disable",
    lambda s: f"host=db user=app password='{s} x' dbname=shop",
    lambda s: f"Server=db;Database=shop;User Id=sa;Password={s};",
    lambda s: f"cache:6379,password={s},ssl=True,abortConnect=False",
    lambda s: f"amqp://app:{s}@mq:5672/%2f",
    lambda s: f"mongodb+srv://app:{s}@cluster0.example.net/shop?retryWrites=true",
    lambda s: f"redis://:{s}@cache:6379/0",
    lambda s: f"https://me@corp.example:{s}@git.example/x.git",
    lambda s: f"smtp://mailer:{s}%21@mail:587",
    lambda s: f"https://oauth2:{s}@gitlab.example/team/app.git",
    lambda s: (
        f"DefaultEndpointsProtocol=https;AccountName=shop;AccountKey={packed(s * 4)};EndpointSuffix=core.windows.net"
    ),
    lambda s: f"Endpoint=sb://x.servicebus.example/;SharedAccessKeyName=Root;SharedAccessKey={s}=",
    lambda s: f"app:{s}@db:5432/shop",
)

_COMMANDS: tuple[Callable[[str], str], ...] = (
    lambda s: f"mysql -h db -u root -p{s} shop",
    lambda s: f"mysqldump --host db -p'{s}' shop > /backup/x.sql",
    lambda s: f"mysqladmin ping -uroot -p{s}",
    lambda s: f"redis-cli -h cache -a {s} ping",
    lambda s: f"redis-cli --pass {s} info",
    lambda s: f"curl -u bot:{s} https://x/y",
    lambda s: f"curl --user bot:{s} https://x/y",
    lambda s: f"curl -sS --proxy-user bot:{s} https://x/y",
    lambda s: f"sshpass -p {s} ssh root@host",
    lambda s: f"sshpass -p{s} scp a b",
    lambda s: f"docker login -u bot -p {s} registry.example",
    lambda s: f"helm registry login -u bot -p {s} registry.example",
    lambda s: f"mongosh -u app -p {s} --authenticationDatabase admin",
    lambda s: f"ldapsearch -x -D cn=admin -w {s} -b dc=x",
    lambda s: f"sqlcmd -S db -U sa -P {s} -Q 'select 1'",
    lambda s: f"kubectl create secret generic db --from-literal=value={s}",
    lambda s: f"vault login {s}",
    lambda s: f"mc alias set shop https://s3 minio {s}",
    lambda s: f"echo {s} | docker login -u bot --password-stdin",
    lambda s: f"keytool -list -keystore k.jks -storepass {s}",
    lambda s: f"openssl rsa -in k.pem -passin pass:{s}",
    lambda s: f"sh -c 'mysql -u root -p{s} -e \"select 1\"'",
    lambda s: f'["redis-cli","-a","{s}","ping"]',
    lambda s: f"app --api-token {s} --port 80",
    lambda s: f"app --db-password '{s} x'",
)


def _urls() -> list[Secret]:
    long, sig = drawn(WORD, 24, "url"), drawn(WORD, 43, "sig") + "%3D"
    uid = f"{drawn(HEX, 8)}-{drawn(HEX, 4)}-{drawn(HEX, 4, 1)}-{drawn(HEX, 4, 2)}-{drawn(HEX, 12)}"
    return [
        (f"https://hooks.slack.com/services/T{drawn(UPPER, 8)}/B{drawn(UPPER, 8, 1)}/{long}", long),
        (f"https://discord.com/api/webhooks/{drawn(DIGITS, 18)}/{long}{long}", long),
        (f"https://corp.webhook.office.com/webhookb2/{uid}@{uid}/IncomingWebhook/{drawn(HEX, 32)}/{uid}", uid),
        (f"https://shop.blob.core.windows.net/c/x?sv=2022-11-02&sr=b&se=2026-01-01&sp=r&sig={sig}", sig),
        (
            f"https://b.s3.amazonaws.com/x?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=60"
            f"&X-Amz-Signature={drawn(HEX, 64)}",
            drawn(HEX, 64),
        ),
        (f"https://storage.googleapis.com/b/x?X-Goog-Expires=60&X-Goog-Signature={drawn(HEX, 128)}", drawn(HEX, 128)),
        (f"https://api.telegram.org/bot{drawn(DIGITS, 9)}:{long}abcdefghijk/sendMessage", long),
        (f"https://events.pagerduty.com/integration/{drawn(HEX, 32)}/enqueue", drawn(HEX, 32)),
        (f"https://maps.example.com/api?q=x&key={long}", long),
        (f"GET /cb?state=x&code={long}&y=1", long),
    ]


def _documents() -> list[Secret]:
    key, inside = pem()
    ssh, ssh_inside = pem("OPENSSH ")
    auth = json.dumps({"auths": {"r.example": {"auth": B64_PW}}})
    config = f"users:\n- name: a\n  user:\n    client-key-data: {packed(key)}\n    token: x\n"
    secret = "  kind: Secret\n  metadata:\n    name: a\n"
    return [
        (f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\ndata:\n  a: {B64_PW}\n", B64_PW),
        (f"items:\n- apiVersion: v1\n{secret}  data:\n    a: {B64_PW}\n    b: x\n", B64_PW),
        (f"    manifest: |\n      kind: Secret\n      stringData:\n        a: {PW}\n", PW),
        (json.dumps({"kind": "Secret", "data": {"a": B64_PW}}), B64_PW),
        (json.dumps({"text": json.dumps({"kind": "Secret", "stringData": {"a": PW}})}), PW),
        (f"{{kind: Secret, stringData: {{a: {PW}}}}}", PW),
        (f"apiVersion: v1\\nkind: Secret\\ndata:\\n  a: {B64_PW}\\n", B64_PW),
        (auth, B64_PW),
        (f".dockerconfigjson: {packed(auth)}", packed(auth)),
        (f"cfg: {packed(auth)}", packed(auth)),
        (config, packed(key)[:60]),
        (key, inside),
        (ssh, ssh_inside),
        (key.replace("\n", "\\n"), inside),
        (f"tls: {packed(key)}", packed(key)[40:90]),
        (f"Authorization: Bearer {drawn(WORD, 30, 'b')}", drawn(WORD, 30, "b")),
        (f"Authorization: Basic {B64_PW}", B64_PW),
        (f"got {JWT} from the client", JWT[-30:]),
        (f"got {JWE} from the client", JWE[-30:]),
        (f"admin:$2y$10${drawn(WORD, 53)}", drawn(WORD, 53)),
        (f"$argon2id$v=19$m=65536,t=3,p=4${drawn(WORD, 22)}${drawn(WORD, 43)}", drawn(WORD, 43)),
        (f"admin:$apr1${drawn(WORD, 8)}${drawn(WORD, 22)}", drawn(WORD, 22)),
        (f"admin:{{SHA}}{drawn(WORD, 27)}=", drawn(WORD, 27)),
    ]


SECRETS: list[Secret] = [
    *(
        (token if number % 3 else f"found {token} in a log", token)
        for number, token in enumerate([*TOKENS.values()][:42])
    ),
    *((make(PW if number % 2 else PLAIN_PW), PW if number % 2 else PLAIN_PW) for number, make in enumerate(_KEYED)),
    *((make(PW), packed(PW * 4) if "AccountKey" in make("") else PW) for make in _STRINGS),
    *((make(PW), PW) for make in _COMMANDS),
    *_urls(),
    *_documents(),
]

SHA = drawn(HEX, 64, "digest")
UID = "0f6c3d6e-8f0b-4a53-9d38-6a1f1c9f2b11"

KEPT: list[str] = [
    'pods "web" is forbidden: exceeded quota: objects, requested: secrets=1, used: secrets=10, limited: secrets=10',
    "max_tokens: 4096",
    '{"max_tokens": 4096, "temperature": 0.2}',
    "MAX_TOKENS=4096",
    "total_tokens=1532 prompt_tokens=1024",
    "token_count: 512",
    "imagePullSecrets: regcred",
    "imagePullSecrets:\n- name: regcred\n",
    "secretName: tls",
    "secretName: web-tls-2024",
    "secretKeyRef:\n  name: db\n  key: password\n",
    '"secretKeyRef":{"name":"db","key":"password"}',
    "passwordSecretRef: {name: db, key: pw}",
    "existingSecret: db",
    "existingSecretPasswordKey: postgres-password",
    "auth:\n  existingSecret: db\n  secretKeys:\n    adminPasswordKey: admin-password\n",
    f"nginx@sha256:{SHA}",
    f"registry.example:5000/team/app:1.2.3@sha256:{SHA}",
    f"docker-pullable://nginx@sha256:{SHA}",
    f"containerd://{SHA}",
    f"uid: {UID}",
    f"commit {drawn(HEX, 40, 'git')}",
    f"v1.2.3-14-g{drawn(HEX, 7, 'git')}",
    'resourceVersion: "184467440737"',
    "pass: 3 of 4",
    "pass: 12, fail: 0",
    "--- PASS: TestLogin (0.00s)",
    "basic health check passed: 3 of 3",
    "token expired",
    "error: token expired: exp 2026-01-01T00:00:00Z",
    "invalid password for user x",
    'FATAL: password authentication failed for user "app"',
    "ERROR 1045 (28000): Access denied for user 'app'@'10.0.0.1' (using password: YES)",
    "key not found: PASSWORD",
    "KeyError: 'DB_PASSWORD'",
    "environment variable API_TOKEN is not set",
    "couldn't find key password in Secret shop/db",
    'secret "db-password" not found',
    'MountVolume.SetUp failed for volume "creds" : secret "creds" not found',
    'MountVolume.SetUp failed for volume "kube-api-access-x" : failed to fetch token: pods "web" not found',
    "Unable to retrieve some image pull secrets (regcred); attempting to pull the image may not succeed.",
    f"sha256 fingerprint: {':'.join(drawn(HEX, 2, n).upper() for n in range(20))}",
    f"SHA256:{drawn(WORD, 43, 'fp')}",
    f'ETag: "{drawn(HEX, 32, "etag")}"',
    f'etag: W/"{drawn(HEX, 40, "etag")}"',
    packed("server:\n  port: 8080\n  log: info\n"),
    f"config: {packed(json.dumps({'replicas': 3, 'mode': 'blue', 'hosts': ['a', 'b']}))}",
    "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "01HQZX3T7KQ2M8J5V9W6Y4N1BC",
    "pod-template-hash: 7d9f8b6c54",
    "web-7d9f8b6c54-x2x4z",
    "sk-learn-serving-7f8d9c6b5-x2x4z",
    "postgres-0.postgres.shop.svc.cluster.local:5432",
    "author: Jane Doe",
    "authority: https://login.example/tenant",
    "authors:\n- Jane\n",
    "tokenizer: bert-base-uncased",
    "tokenizer_path=/models/tokenizer.json",
    f"checksum/config: {SHA}",
    f"checksum/secret: {SHA}",
    "2026-01-01T00:00:00Z",
    "2026-11-25T20:01:42.123456789Z",
    "cpu: 250m, memory: 512Mi",
    "requests.memory=1Gi,limits.memory=2Gi",
    "Back-off restarting failed container app in pod web-1_shop(0f0)",
    "0/3 nodes are available: 3 Insufficient memory.",
    'Failed to pull image "registry/x:2": rpc error: code = NotFound desc = not found',
    'Liveness probe failed: Get "http://10.0.0.1:8000/health": dial tcp 10.0.0.1:8000: connect: connection refused',
    "pull access denied, repository does not exist or may require authorization: server message: denied",
    'www-authenticate: Bearer realm="https://auth.docker.io/token",service="registry.docker.io"',
    "401 Unauthorized: Basic authentication required",
    "failed to fetch oauth token: unexpected status from GET request to https://r/token: 401 Unauthorized",
    "https://kubernetes.default:443/api",
    "https://backend:8000/path?mail=a@b.example",
    "http://user-service:8080/users/a@b.example",
    "postgres://app@db:5432/shop",
    "postgres://app:$(DB_PASSWORD)@db:5432/shop",
    "DATABASE_URL=postgres://app:${DB_PASSWORD}@db/shop",
    "ssh://git@github.com/team/app.git",
    "git@github.com:team/app.git",
    "mailto:john@example.com",
    "From: john@example.com",
    "user:jane@example.com",
    "serviceAccount:ci@proj.iam.gserviceaccount.com",
    "arn:aws:iam::123456789012:role/web",
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf",
    "arn:aws:kms:eu-west-1:123456789012:key/" + UID,
    "password: ${DB_PASSWORD}",
    "password: $(DB_PASSWORD)",
    "password: {{ .Values.password }}",
    "PASSWORD=$DB_PASSWORD exec app",
    "password: <password>",
    'password: ""',
    "password: null",
    "usePassword: true",
    "auth.enabled: true",
    "auth: required",
    "authMode: basic",
    "AUTH_TYPE=basic",
    "tokenExpirationSeconds: 3600",
    "token_ttl=3600s",
    "TOKEN_URL=https://login.example/oauth/token",
    "tokenPath=/var/run/secrets/tokens/vault",
    "TOKEN_FILE=/var/run/secrets/kubernetes.io/serviceaccount/token",
    "passwordFile: /etc/db/password",
    "automountServiceAccountToken: false",
    "serviceAccountToken:\n  expirationSeconds: 3607\n  path: token\n",
    'forbidden: User "system:serviceaccount:shop:web" cannot list resource "secrets" in API group ""',
    "resources: [secrets, configmaps]",
    "secrets: 10",
    "count/secrets: 5",
    "volumes:\n- name: a\n  secret:\n    secretName: db\n",
    "kubectl get secret db -n shop",
    "kubectl create secret generic db --from-file=password=./pw.txt",
    "docker run -p 8080:80 nginx",
    "docker run -u 1000:1000 nginx",
    "mkdir -p /data/db && exec mysqld",
    "mysql -h db -u root -P 3306 shop",
    "redis-cli -h cache -p 6379 ping",
    "pg_isready -U app -p 5432",
    "curl -sf http://localhost:8080/health",
    "curl -u $USER:$PASS https://x",
    "kubectl logs -p web-1",
    "ssh -p 2222 root@host",
    "cp -a src dst",
    "tar -xpf x.tar",
    "nginx -p /etc/nginx -c nginx.conf",
    "helm upgrade web ./chart -f values.yaml --set image.tag=1.2.3",
    "the secret sauce",
    "secret cache synced",
    "failed to sync secret cache: timed out waiting for the condition",
    "bypass: true",
    "compass: north",
    "passthrough: on",
    "primary_key: id",
    "partition_key=tenant",
    "topologyKey: kubernetes.io/hostname",
    "sort-key: created",
    "cookie-name: route",
    "nginx.ingress.kubernetes.io/session-cookie-max-age: 3600",
    "npm_config_registry=https://registry.npmjs.org/",
    "npm_lifecycle_event=start",
    "x-request-id: " + UID,
    "trace_id=" + drawn(HEX, 32, "trace") + " span_id=" + drawn(HEX, 16, "span"),
    "certificate-authority-data: "
    + packed("-----BEGIN CERTIFICATE-----\n" + drawn(WORD, 64) + "\n-----END CERTIFICATE-----\n"),
    "-----BEGIN CERTIFICATE-----\n" + drawn(WORD, 64) + "\n-----END CERTIFICATE-----",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + drawn(WORD, 43) + " me@host",
    "10.0.0.1:8080: connect: connection refused",
    "fe80::1:2:3:4",
    "iqn.2001-04.com.example:disk:0",
]
