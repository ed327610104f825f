r"""How a name and its value are written in text: in settings, in source, in a log.

Parts of the patterns of `tools.patterns`: group `k` is the end of a name that tells, `v` the value, `q` its quote.
"""

from tools.secret_names import KEYS, SEVERAL

WORD = (
    r"(?:passw(?:or)?d|passphrase|passcode|secret[-_ ]key|secret(?!ar[iy])|token(?!i[sz])|credential"
    rf"|(?:api|access)[-_ ]?key|account[-_]?key|private[-_]?key|shared[-_]?key|{KEYS}[-_]?key"
    r"|art-api|connection[-_]?string|cookie|key-data"
    r"|(?<=snmp)[\w.-]{0,20}community"
    r"|(?<![a-z])(?:pwd|psk|dsn)(?![a-z])|(?<!by)(?<!com)(?<!sur)(?<!tres)pass(?![a-z])|bind_?pw"
    r"|(?<![a-z])pw(?=\\*[\"']?\s{0,3}[=:%])|(?<=[_-])(?:key|auth|pw|pin|salt)(?=\\*[\"']?\s{0,3}[=:%]))"
)
WORDS = (
    f"pass|pwd|psk|dsn|secret|token|credential|cookie|apikey|accesskey|accountkey|privatekey|sharedkey"
    f"|{KEYS[3:-1].replace('|', 'key|')}key|art-api|community|_key|-key|api key|access key|key-data|connectionstring"
    "|connection_string|connection-string|pw|_auth|-auth|_pin|-pin|_salt|-salt"
)
COLOUR = r"(?:\x1b\[[\d;]{0,12}m)*"
TAGS = r"(?:[&!][\w:/.!-]*+[ \t]++){0,3}+"
MIXED = r"(?P<v>(?=[^\s\"'`]*\d)(?=[^\s\"'`]*[A-Za-z])[^\s\"'`]{5,127}[^\s\"'`.,;!)])"
KEY = rf"(?P<k>{WORD}[\w.-]{{0,60}})"
_IS = r"(?:=>|=(?!=)|::(?=[ ])|:(?![=:]|//|\?))"
TO = rf"\\*[\"']?\]?{COLOUR}[ \t\xa0]{{0,9}}{_IS}{COLOUR}[ \t\xa0]{{0,9}}{COLOUR}{TAGS}"
COMPARED = r"[ \t]{0,9}(?::=|={2,3}|!={1,2})[ \t]{0,9}"
QUOTED = r"(?P<q>\\*[\"'])(?P<v>(?:(?<!\\)(?P=q)(?P=q)|(?!(?<!\\)(?P=q)).)*+)(?:(?P=q)|$)"
BARE = r"(?P<v>(?!\\*[\"'*]|\$[({]|\{\{)(?:(?:bearer|basic|token)[ \t]+)?(?:[^\s,;&\"'\\{}\[\]()<>\x1b]|\\(?![\"']))+)"
PROSE = (
    r"(?!(?:unexpected|invalid|expired|not|no|missing|failed|failure|error|none|null|nil|true|false|undefined|denied"
    r"|unauthorized|required|set|reset|changed|updated|accepted|rejected|must|cannot|could|unable|the|an?|is|are|was|has|rpc|context|dial|get|post|server|name"
    r"|[1-5]\d\d(?=[ ][A-Z][a-z]))(?:[\s,.;:}\]]|$))"
    r"(?!(?:secrets?|tokens?|pods?|configmaps?|serviceaccounts?|nodes?|namespaces?|resource|request|timed|connection|eof"
    r"|unsupported|malformed|signature|verification|authentication|authorization|permission|forbidden|access|using|for|from"
    r"|in|on|of|to|with|and|or|it|this|that|unknown|bad|wrong|incorrect|empty|too|illegal|parse|parsing|crypto|x509|oidc"
    r"|jwt|exec|open|read|write|stat|lookup|expected|got|found|already|does|do|did|operation|user|field|value|key"
    r"|can|will|should|may|please|use|see|cluster|http|tls)(?:[ ]|:[ ])[^\n]{0,200}?[a-z])"
)
"""What follows a colon in an error message (`failed to fetch token: unexpected status`) and is nobody's password."""


PLURAL = rf"(?P<k>{SEVERAL})"
