"""60 strings written after the patterns were done: 30 with a secret, 30 without."""

import json

from tests.unit.redaction_cases import HEX, PW, WORD, Secret, drawn, packed, pem

LONG = drawn(WORD, 40, "unseen")
KEY, INSIDE = pem("EC ")

SECRETS: list[Secret] = [
    (f'level=info msg="connecting" dsn="root:{PW}@tcp(10.0.0.5:3306)/app"', PW),
    (f'psql "host=db port=5432 user=app password={PW} sslmode=require"', PW),
    (f"export AWS_SECRET_ACCESS_KEY={LONG}", LONG),
    (f"aws_secret_access_key = {LONG}", LONG),
    (f"kubectl config set-credentials bob --username=bob --password={PW}", PW),
    (f"mysql --user=root --password={PW} -e 'show databases'", PW),
    (f"/usr/bin/mysqldump \\\n  -h db \\\n  -p{PW} \\\n  shop", PW),
    (f"mariadb -uroot -p{PW}", PW),
    (f"exec redis-server --requirepass {PW} --appendonly yes", PW),
    (f'curl -H "X-Vault-Token: {LONG}" https://vault:8200/v1/sys/health', LONG),
    (f"curl -H 'Authorization: ApiKey {LONG}' https://es:9200", LONG),
    (f"wget --header='PRIVATE-TOKEN: {LONG}' https://gitlab/x", LONG),
    (f"git clone https://{LONG}@github.com/team/app.git", LONG),
    (f"git clone https://x-token-auth:{LONG}@bitbucket.org/team/app.git", LONG),
    (f"      smtp_auth_password: '{PW}'\n      smtp_from: a@b.example", PW),
    (f"basic_auth:\n  username: admin\n  password: {PW}\n", PW),
    (f'[client]\nuser=root\npassword="{PW}"\n', PW),
    (f"KAFKA_OPTS=-Djavax.net.ssl.keyStorePassword={PW} -Xmx1g", PW),
    (f'org.apache.kafka.common.security.plain.PlainLoginModule required username="a" password="{PW}";', PW),
    (f'{{"level":"debug","headers":{{"authorization":["Bearer {LONG}"],"x":1}}}}', LONG),
    (f'panic: cannot parse "postgresql://shop:{PW}@10.1.2.3/shop?sslmode=disable": invalid port', PW),
    (f"- apiVersion: v1\n  data:\n    token: {packed(PW)}\n  kind: Secret\n", packed(PW)),
    (json.dumps({"apiVersion": "v1", "items": [{"data": {"x": packed(PW)}, "kind": "Secret"}]}, indent=2), packed(PW)),
    (f"ssh_key: |\n{chr(10).join('  ' + line for line in KEY.splitlines())}\n", INSIDE),
    (f'client_key = "{KEY.replace(chr(10), chr(92) + "n")}"', INSIDE),
    (f"user-token-{drawn(WORD, 4)}: ok; session_token={LONG}; next", LONG),
    (
        f"https://prod-01.westeurope.logic.azure.com/workflows/x/triggers/manual/paths/invoke?api-version=1&sp=run&sv=1.0&sig={LONG}",
        LONG,
    ),
    (f"https://chat.googleapis.com/v1/spaces/AAA/messages?key=x&token={LONG}", LONG),
    (f"SharedAccessSignature sr=hub.azure-devices.net&sig={LONG}%3D&se=1700000000", LONG),
    (f"mosquitto_sub -h mq -u app -P {PW} -t '#'", PW),
]

KEPT: list[str] = [
    'pods "web-0" is forbidden: failed quota: compute: must specify limits.cpu for: app',
    'error looking up secret: secrets "db" is forbidden: User "x" cannot get resource "secrets"',
    "Error: couldn't find key DB_PASSWORD in ConfigMap shop/settings",
    "spec.template.spec.containers[0].env[3].valueFrom.secretKeyRef.key: Required value",
    'Warning  FailedMount  MountVolume.SetUp failed for volume "tls" : references non-existent secret key: tls.key',
    "password must contain at least 8 characters",
    "Password: must not be empty",
    "FATAL: no password supplied",
    "WRONGPASS invalid username-password pair or user is disabled.",
    "NOAUTH Authentication required.",
    "MongoServerError: Authentication failed.",
    "jwt: token has invalid claims: token is expired",
    "unable to decode token: unexpected end of JSON input",
    "token: unexpected EOF",
    "x509: certificate signed by unknown authority",
    "invalid header: authorization: missing bearer token",
    "oauth2: cannot fetch token: 400 Bad Request",
    "the access key ID does not exist in our records",
    "ingress.kubernetes.io/auth-secret: basic-auth",
    "nginx.ingress.kubernetes.io/auth-tls-secret: shop/ca",
    "cert-manager.io/private-key-algorithm: ECDSA",
    "argocd.argoproj.io/secret-type: cluster",
    "prompt_tokens=12 completion_tokens=220 cached_tokens=0",
    "rate limit: 40000 tokens per minute",
    "csi.storage.k8s.io/provisioner-secret-name: csi-rbd",
    "http://[::1]:8080/a@b",
    "image: ghcr.io/team/token-service:1.2.3",
    "args: [--token-auth-file=/etc/tokens.csv, --service-account-key-file=/etc/sa.pub]",
    "--authentication-token-webhook=true --secure-port=10250",
    f"digest: sha512-{packed(drawn(HEX, 64, 'sri'))}",
]
