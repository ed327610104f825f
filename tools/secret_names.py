"""Names that tell that their value is a secret: of variables, of settings, of flags and headers."""

import re
from functools import lru_cache

MASK = "***"

KEYS = r"(?:signing|encryption|master|license|auth|ssh|storage|hmac|security|subscription|function|instrumentation)"
"""What a key is called that is a secret."""

SEVERAL = r"(?:passwords?|passphrases?|tokens?|credentials|(?:api|access|private|secret|signing|encryption)[-_]?keys?)"
"""Ends of names of lists whose items are secrets; `secrets` and `imagePullSecrets` are lists of names."""

SECRET_NAME = re.compile(
    r"(?i)(?<!by)(?<!com)(?<!sur)(?<!tres)pass$|(?<![a-z])pass(?![a-z])|passw(or)?d|passphrase|passcode|secret(?!ar[iy])|token(?!i[sz])"
    r"|credential|connection[-_]?string|encryption[-_]?key|pre[-_]?shared[-_]?key|jwt|salt$|cookie$|dockerconfig|authorization$"
    r"|(^|[_.-])(dsn|auth|pwd|pw|psk)$|[_.-]pin$|pwd$|(?:api|access|secret)[-_ ]?key|[_-]key$|^key_"
    rf"|(access|account|private|{KEYS})[-_]?key$|art[-_]api$|snmp.*community$|bind[-_]?pw$|webhook[-_]?url$"
)
"""Names of environment variables and values whose text is masked."""

REFERENCE_NAME = re.compile(
    r"(?i)^existing|^(f:)?automount|(name|names|refs?|paths?|files?|dirs?|mount|type|(?<!webhook)(?<!webhook[-_])ur[li]|host|port|namespace|class)$"
    r"|secrets?manager$|(primary|foreign|partition|sort|routing|cache|topology|public|group|index|unique|lookup|object|pass(word|wd)?)[-_]?key$"
    r"|(?<![a-z])gpg[-_]?keys?$|checksum|fingerprint|thumbprint|digest"
)
"""Names that only say where a secret is, or that hold what identifies it and cannot be turned back."""

_ABOUT = frozenset(
    "age alg algorithm annotations audience audiences backend class controller count days driver duration "
    "enabled encryption endpoint engine expiration expires expiry field format generation header hours id interval "
    "issuer keys kind label labels length lifetime limit manager max method min minutes mode operator "
    "parameters plugin policy prefix provider requests required reviewer revision role roles rotation "
    "scope scopes seconds selector server service size store strategy suffix template timeout ttl usage "
    "user username users version".split()
)
"""Last words of a name that is about a secret: how long it lives, who gave it, who uses it."""

_SECRET_ID = re.compile(r"(?i)secret[-_]?id$")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PLURAL = frozenset("tokens secrets keys credentials passwords cookies".split())
_COUNTING = frozenset("max min num total count limit pass".split())
_PASSWORD = re.compile(r"(?i)passw(or)?d$|passphrase$|pwd$|pin$|passcode$")

_SAYS_NOTHING = re.compile(
    r"(?i:true|false|yes|no|on|off|null|none|nil|enabled|disabled|required|optional|active|include|omit|same-origin|done|ok|unset|missing|invalid|valid|expired|changed|unchanged|updated|rotated|created)"
    r"|\$\{[\w.:-]{1,80}\}|\$\([\w.-]{1,80}\)|\$[A-Z_][A-Z0-9_]{2,60}|\{\{[^{}]{0,200}\}\}|%[A-Z_]{3,60}%"
    r"|\.{1,2}/[\w./-]{1,200}|[a-z./_-]{1,120}\.(?:txt|pem|key|crt|json|ya?ml|jks|p12|conf|cnf|properties|env)"
    r"|<[A-Za-z][a-z _-]{1,40}>|\*+|files(?: [a-z]+){0,4}"
    r"|(?:file:/{0,2})?/(?:app|config|data|etc|home|mnt|opt|root|run|secrets?|srv|tmp|usr|var|vault)/[\w./@-]{1,200}"
)
"""A switch, a placeholder, the variable or the file that holds the secret: nobody's password."""

_NAMES_SECRET = re.compile(
    r"(?i)(?:(?<![a-z])(?:tls|pull|ca|cert|certificate|ssl|registry|credentials?)[-_]?secrets?|/[a-z.-]*-secret)$"
)
_OBJECT = re.compile(r"[a-z0-9][a-z0-9.-]{0,252}(?:/[a-z0-9][a-z0-9.-]{0,252})?")
"""A field (`pullSecret: regcred`) or annotation (`…/auth-secret: shop/logins`) that names a Secret."""

_KEY_NAME = re.compile(r"[a-z]{2,20}(?:[-_.][a-z]{2,20}){0,5}")

_COUNT = re.compile(r"\d{1,18}(?:\.\d+)?[kMGTi%]{0,2}")


@lru_cache(4096)
def is_secret_name(name: str) -> bool:
    """Return whether a variable or value of that name holds a secret, and not merely the place of one."""
    if SECRET_NAME.search(name) is None or REFERENCE_NAME.search(name) is not None:
        return False
    words = _words(name)
    return not words or words[-1] not in _ABOUT or _SECRET_ID.search(name) is not None


def hides(name: str, value: object) -> bool:
    """Return whether the value under a name must go: a text or number, named like a secret, that may be one."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)) or not is_secret_name(name):
        return False
    text = str(value).strip()
    if says_nothing(text) or _is_reference(name, text):
        return False
    return _COUNT.fullmatch(text) is None or not _counts(name, text)


def _is_reference(name: str, text: str) -> bool:
    """Return whether a value names a Secret or a key in one (`secretKey: db-password`), or a folder (`PWD=/app`)."""
    if name.lower() in ("pwd", "oldpwd"):
        return text.startswith("/")
    if _NAMES_SECRET.search(name):
        return _OBJECT.fullmatch(text) is not None
    return name.lower().endswith("key") and _KEY_NAME.fullmatch(text) is not None and is_secret_name(text)


def hides_item(name: str, value: object) -> bool:
    """Return whether an item of a list must go; `name` is the list's, and its end is in the plural."""
    return isinstance(value, str) and _COUNT.fullmatch(value) is None and hides(name.rstrip("sS"), value)


def says_nothing(text: str) -> bool:
    """Return whether a value is no secret whatever it goes by: empty, a switch, a placeholder, the place of a file."""
    return not text or _SAYS_NOTHING.fullmatch(text) is not None


def _counts(name: str, number: str) -> bool:
    """Return whether a number under that name is a count (`max_tokens: 4096`, `secrets=1`, `pass: 3`)."""
    if _PASSWORD.search(name):
        return False
    words = _words(name)
    return not words or words[-1] in _PLURAL or not _COUNTING.isdisjoint(words[:1]) or len(number) < 4


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]
