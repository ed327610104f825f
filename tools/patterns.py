r"""What a credential looks like in text: the patterns `tools.redact` tries, each only where one of its needles stands.

Every pattern is linear in the length of its text: what it runs over is bounded, or never given back. Group `v` is what
goes; where a name decides, group `k` is its end, and the rest of the name is read backwards from there.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import NamedTuple

from tools import clients, tokens
from tools.assignments import BARE, COMPARED, KEY, MIXED, PLURAL, PROSE, QUOTED, TAGS, TO, WORD, WORDS
from tools.secret_names import MASK, hides, hides_item, says_nothing


class Rule(NamedTuple):
    """One way to look, tried where one of the needles (lower case) stands, and one of what must stand beside it."""

    needles: frozenset[str]
    masked: Callable[[str], str]
    beside: tuple[str, ...] = ()

    def suits(self, text: str) -> bool:
        """Return whether a text that holds a needle is worth the pattern; most lines that say `token` are not."""
        return not self.beside or any(part in text for part in self.beside)


@cache
def _compiled(pattern: str, flags: re.RegexFlag) -> re.Pattern[str]:
    """Return a pattern compiled when the first text needs it: most commands meet few of them."""
    return re.compile(pattern, flags)


def _substituted(pattern: str, made: str | Callable[[re.Match[str]], str], flags: re.RegexFlag, text: str) -> str:
    return _compiled(pattern, flags).sub(made, text)


def _rule(
    needles: str,
    pattern: str,
    made: str | Callable[[re.Match[str]], str] | None = None,
    flags: re.RegexFlag = re.IGNORECASE,
    beside: tuple[str, ...] = (),
) -> Rule:
    return Rule(frozenset(needles.split("|")), partial(_substituted, pattern, made or _value, flags), beside)


def _token(shape: str) -> Callable[[str], str]:
    return partial(_substituted, rf"(?<![A-Za-z0-9]){shape}", MASK, re.NOFLAG)


def _value(found: re.Match[str]) -> str:
    """Return a match with its value masked, unless that is a placeholder."""
    if says_nothing(found["v"].strip("\"'\\")):
        return found[0]
    start = found.start()
    return f"{found[0][: found.start('v') - start]}{MASK}{found[0][found.end('v') - start :]}"


_NAME_BEFORE = re.compile(r"[\w./-]+$")
_RESOURCE = re.compile(r"\barn:[\w:/.-]*$")


def _whole(found: re.Match[str]) -> str:
    """Return the name whose end was found."""
    start = found.start("k")
    before = _NAME_BEFORE.search(found.string, max(0, start - 60), start)
    return f"{before[0] if before else ''}{found['k']}"


def _named(found: re.Match[str]) -> str:
    """Return a match with its value masked, when the whole name and the value tell a secret."""
    name = _whole(found)
    return _value(found) if hides(name, found["v"]) and not _is_result(found, name) else found[0]


_PASSED = re.compile(r"(?i)(?:^|[^a-z])pass$")
_SCORE = re.compile(
    r"\d{1,9}(?:$|[,;)]|\s*(?:of|/|out)\s*\d|\s+\w{1,12}[:=])|(?:done|completed?|ok|finished|started)\b|\S{1,200} \(\d"
)
_OBJECT_NAME = re.compile(r"[a-z0-9][a-z0-9./-]{0,252}")


def _is_result(found: re.Match[str], name: str) -> bool:
    """Return whether a value is a result (`pass: 3 of 4`), or names a cloud's secret or those to pull with."""
    text, start = found.string, found.start("k")
    if _PASSED.search(name):
        return _SCORE.match(text, found.start("v")) is not None or text[max(0, start - 4) : start] == "--- "
    if _RESOURCE.search(text, max(0, start - 120), start):
        return True
    return name.lower().startswith("imagepullsecret") and _OBJECT_NAME.fullmatch(found["v"]) is not None


def _lone_user(found: re.Match[str]) -> str:
    """Return a URL without the user that stands alone in it, where that is long enough to be a token."""
    user = found["v"]
    long = len(user) >= 20 or (found["s"].lower().startswith(("http", "nats")) and re.search(r"\d", user))
    return _value(found) if long else found[0]


def _docker_auth(found: re.Match[str]) -> str:
    """Return a docker registry's `auth` masked: base64 of `user:password`."""
    from binascii import Error, a2b_base64

    try:
        return _value(found) if b":" in a2b_base64(found["v"] + "==") else found[0]
    except Error:
        return found[0]


_A_SECRET = r"kind\\*[\"']?[ \t]{0,9}:[ \t]{0,9}\\*[\"']?secret(?:list)?(?![\w-])"  # noqa: S105 - a pattern


def _secret_objects(text: str) -> str:
    """Return a text that holds a Secret (YAML or JSON, at any depth) without its data."""
    if not _compiled(_A_SECRET, re.IGNORECASE).search(text):
        return text
    text = _compiled(r"((?<![\w.-])\\*[\"']?(?:data|stringData)\\*[\"']?\s{0,9}:\s{0,9})\{[^{}]*\}?", re.NOFLAG).sub(
        r"\1{}", text
    )
    text = _compiled(r"((?:(?<![\w.-])|(?<=\\n))(?:data|stringData):)(?:[ ]*\\+n[ ]+[^\\\n]*)+", re.NOFLAG).sub(
        rf"\1 {MASK}", text
    )
    block = r"^(?P<in>[ \t]*+)((?:-[ \t]+)*(?:data|stringData):)[ \t]*\n(?:(?P=in)[ \t]+[^\n]*(?:\n|\Z)|[ \t]*\n)+"
    return _compiled(block, re.MULTILINE).sub(rf"\g<in>\2 {MASK}\n", text)


_ITEM = re.compile(r"(?<![^\s,\"'\\])(?![-{&*])[^\s,\"'\\][^,\"'\\\n]*+")
_MAPPINGS = re.compile(r"\{|:\s")


def _several(found: re.Match[str]) -> str:
    """Return a name and its list of secrets, these masked; what is no list of texts stays to be read by its keys."""
    if _MAPPINGS.search(found["v"]):
        return found[0]
    name = _whole(found)
    items = _ITEM.sub(lambda item: MASK if hides_item(name, item[0]) else item[0], found["v"])
    return found[0][: found.start("v") - found.start()] + items


def _block(found: re.Match[str]) -> str:
    """Return a YAML key whose value stands in the lines below it, masked."""
    return f"{found['in']}{found['h']}{found['in']}  {MASK}\n" if hides(found["k"], "x") else found[0]


SPANNING: tuple[Rule, ...] = (
    Rule(frozenset(("secret",)), _secret_objects),
    _rule(
        "-----begin|---- begin",
        r"-{4,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}"
        r".*?(?:-{4,5} ?END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}|\Z)",
        MASK,
        re.DOTALL,
    ),
    _rule("private-lines:", r"(Private-Lines:[ ]*\d+).*?(?=Private-MAC|\Z)", rf"\1 {MASK}\n", re.DOTALL),
    _rule(  # a block scalar: all lines that are indented deeper than their key; or one word on the next line
        WORDS,
        rf"^(?P<in>[ \t]*+)(?P<h>[^\n]{{0,256}}?(?P<k>(?<![\w.-])[\w.-]{{0,60}}?{WORD}[\w.-]{{0,60}})"
        rf"[\"']?:[ \t]*{TAGS}"
        r"(?:[|>][-+\d]*[ \t]*(?:\#[^\n]*)?\n(?=(?P=in)[ \t]+)"
        r"|(?:\#[^\n]*)?\n(?=(?P=in)[ \t]+[^\s:#-][^\s:]{3,}[ \t]*(?:\n|\Z))))"
        r"(?:(?P=in)[ \t]+[^\n]*(?:\n|\Z)|[ \t]*\n)+",
        _block,
        re.IGNORECASE | re.MULTILINE,
        (":\n", ": \n", ": |", ": >", ": &", ": !", " #"),
    ),
    _rule(  # an environment variable as Kubernetes writes it, a setting as .NET does
        WORDS,
        r"(?<![\w-])(?:name|key)\\*[\"']?\s{0,9}[:=]\s{0,9}\\*[\"']?"
        rf"(?P<k>[\w.-]{{0,60}}?{WORD.replace('(?=', '(?:')}"
        rf"[\w.-]{{0,60}})\\*[\"']?\s{{0,99}},?\s{{0,99}}\\*[\"']?value\\*[\"']?\s{{0,9}}[:=][ \t]{{0,9}}"
        r"(?P<v>\\*\"(?:\\.|[^\"\\])*\\*\"?|[^\s,}]+)",
        lambda found: (
            f'{found[0][: found.start("v") - found.start()]}"{MASK}"'
            if hides(found["k"], found["v"].strip("\\\"'"))
            else found[0]
        ),
        beside=("value", "Value", "VALUE"),
    ),
    _rule(  # the same with its value first
        "value",
        r"(?<![\w-])value\\*[\"']?\s{0,9}:[ \t]{0,9}\\*[\"']?(?P<v>[^\s\"'\\,{}\[\]]{1,256})\\*[\"']?,?\s{0,99}"
        r"\\*[\"']?(?<![\w-])(?:name|key)\\*[\"']?\s{0,9}:\s{0,9}\\*[\"']?"
        rf"(?P<k>[\w.-]{{0,60}}?{WORD.replace('(?=', '(?:')}[\w.-]{{0,60}})",
        lambda found: found[0].replace(found["v"], MASK, 1) if hides(found["k"], found["v"]) else found[0],
        beside=("name", "key"),
    ),
    _rule(WORDS, rf"{PLURAL}\\*[\"']?\s{{0,9}}[:=]\s{{0,9}}\[(?P<v>[^\[\]]*+)", _several, beside=("[",)),
    _rule(
        WORDS,
        rf"{PLURAL}[\"']?:[ \t]*\n(?P<v>(?:[ \t]*+- [^\n]*(?:\n|\Z))+)",
        _several,
        beside=("- ",),
    ),
    _rule(
        WORDS,
        rf"{KEY}[ \t]{{0,9}}=[ \t]{{0,9}}(?P<q>\"{{3}}|'{{3}})(?P<v>.*?)(?:(?P=q)|\Z)",
        _named,
        re.IGNORECASE | re.DOTALL,
        ("'''", '"""'),
    ),
    _rule(  # a flag and its value as two items of a list
        WORDS,
        rf"-[ \t]+[\"']?--?[\w-]{{0,40}}?{KEY}[\"']?[ \t]*\n[ \t]*-[ \t]+(?!-|[\"']-)(?P<v>[^\n]+)",
        _named,
        beside=("- -", "- '-", '- "-'),
    ),
    _rule(
        WORDS,
        rf"<name>[\w.-]{{0,60}}?{KEY}</name>\s{{0,99}}<value>(?P<v>[^<]+)",
        _named,
        beside=("</name>",),
    ),
    Rule(frozenset(clients.NEEDLES.split()), clients.quiet_script),
)
"""Tried on the whole text."""

LINE: tuple[Rule, ...] = (
    _rule("bearer", r"\bbearer(?:\s|%20|\+){1,9}(?!realm=|authenti|authori|error|token)(?P<v>[\w.~+/=:-]{6,})", _value),
    _rule(
        "basic",
        r"\b([Bb]asic|BASIC)\s+(?![Aa]uth)(?=\S*[0-9=]|\S+[A-Z])[A-Za-z0-9+/=_-]{8,}",
        rf"\1 {MASK}",
        re.NOFLAG,
    ),
    _rule(
        "eyj",
        r"(?:(?<![\w-])|(?<=%[0-9A-Fa-f]{2}))eyJ[\w-]{5,}+\.(?:(?:[\w-]*+\.){3}[\w-]*+|[\w-]{5,}+(?:\.[\w-]*+)?)",
        MASK,
        re.NOFLAG,
    ),
    *(Rule(frozenset(needles.split()), _token(shape)) for needles, shape in tokens.SHAPES),
    _rule(
        "$2|$1$|$5$|$6$|$7$|$y$|$gy$|$apr1$|$argon2|$sha1$|$md5|$pbkdf2|$scrypt|pbkdf2_|argon2$|bcrypt_|scram-sha|}",
        r"\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{22,}|\$(?:1|5|6|7|g?y|apr1|sha1|md5|scrypt|argon2i?d?|pbkdf2[\w-]{0,20})\$[\w=,./+$-]{8,}"
        r"|\{(?:S?SHA(?:256|384|512)?|SSHA\d{0,3}|S?MD5|CRYPT|BCRYPT|ARGON2|PBKDF2[\w-]{0,16})\}[\w+/=$.-]{16,}"
        r"|(?:pbkdf2_sha\d+|bcrypt_sha256|argon2)\$[\w=,./+$-]{16,}|SCRAM-SHA-\d{1,3}\$\d+:[\w+/=:$]+",
        MASK,
        re.NOFLAG,
    ),
    _rule("md5", r"(?<![\w:])md5[0-9a-f]{32}(?!\w)", MASK, re.NOFLAG),
    _rule(
        "slack|discord|office|telegram|zapier|ifttt|pagerduty|feishu|larksuite|hc-ping|/hooks/|webhook.site",
        rf"(?:{tokens.WEBHOOKS})(?P<v>[^\s\"'<>\\,;)]{{8,512}})",
    ),
    _rule(
        "sig=|sig%3d|signature=|token=|credential=|key=|code=|auth=|hmac=",
        r"(?:[?&]|&amp;|\\u0026|%26)(?:sig|signature|x-(?:amz|goog)-(?:signature|credential|security-token)|hmac"
        r"|(?:code|key|subscription-key|routing_key)(?==[^\s&]{16})|auth(?==[^\s&\d]*\d)(?==[^\s&]{8}))(?:=|%3D)(?P<v>[^\s&\"'<>#\\]{4,})",
    ),
    _rule("%40", r"%3A(?:%2F|/){2}[^\s%/:]{1,100}(?:%3A|:)(?P<v>(?:(?!%40|%2F)[^\s\"'&<>]){1,512})%40"),
    _rule("@", r"(?::|%3A)//(?!\[)[^/\s:\"'<>]{0,256}:(?!\d{1,5}(?:[/?#,;)\]]|\s|$))(?P<v>[^\s\"'<>]{1,512})@", _value),
    _rule("@", r"(?P<s>[\w+.-]{1,32})://(?P<v>[^\s/:@\"'<>]{8,256})@(?!sha\d)(?=[\w\[])", _lone_user),
    _rule(
        "@",
        r"(?<![\w:/@.+-])(?!(?:user|group|serviceaccount|domain|mailto|sip|sips|acct|principal)s?:)[\w.+-]{1,64}:"
        r"(?P<v>(?!//)[^\s\"'<>@]{1,256})@(?!sha\d)"
        r"(?=[a-z][\w.+-]{0,20}\([^()\s]{0,256}\)|\(|/\w|[\w.-]{1,253}:\d{2,5}(?!\d)|[\w-]{1,63}(?:\.[\w-]{1,63}){1,9}/)",
    ),
    _rule(
        "thin:|sqlplus|expdp|impdp|sqlldr",
        r"(?:jdbc:oracle:thin:|\b(?:sqlplus|expdp|impdp|sqlldr)[ \t]+(?:-\w+[ \t]+){0,5})"
        r"[\w$#]{1,64}/(?P<v>[^\s@/]{1,128})(?=@|\s|$)",
    ),
    _rule(
        WORDS,
        rf"(?<![\w-])--?[\w-]{{0,40}}?{KEY}(?:[ \t]+|\\*[\"'][ \t]{{0,9}},[ \t]{{0,9}}\\*(?=[\"']))(?!-)"
        r"(?P<v>\"[^\"]{1,512}\"|'[^']{1,512}'|[^\s\"',\\\]]+)",
        _named,
    ),
    _rule(
        "-u|--user|--auth|stats auth",
        r"(?:^|\s)(?:-u ?|--user[= ]|--auth[= ]|stats\s+auth\s+)[\w.@-]{1,100}:(?!\d+(?:\s|$))(?P<v>[^\s\"']+)",
        _value,
        re.NOFLAG,
    ),
    _rule("--from-literal", r"--from-literal[= ][\w.-]{1,200}=(?P<v>[^\s\"']+)"),
    _rule(WORDS, rf"<[\w:.-]{{0,40}}?{KEY}(?:\s[^<>]{{0,200}})?>(?:<!\[CDATA\[)?(?P<v>[^<\]]+)", _named, beside=("<",)),
    _rule(
        WORDS,
        rf"(?:name|key|id)=[\"'][\w.-]{{0,60}}?{KEY}[\"'][^<>]{{0,100}}>\s{{0,9}}(?:<value>)?(?P<v>[^<]+)",
        _named,
        beside=(">",),
    ),
    _rule(
        "authorization",
        r"authorization\\*[\"']?\s{0,9}[:=]\s{0,9}\\*[\"']?(?:digest|aws4-hmac-sha256|hawk|oauth|signature)\s+(?P<v>\S[^\n]*)",
    ),
    _rule(
        "authorization",
        r"(authorization\\*[\"']?\s{0,9}[:=]\s{0,9}\\*[\"']?)(?!bearer|basic)(?:[\w-]+ )?(?=\S*\d)[\w.~+/=:-]{8,}",
        rf"\1{MASK}",
    ),
    _rule("cookie", r"(?<![\w-])(?:set-)?cookie\\*[\"']?\s{0,3}:\s{0,3}\\*[\"']?(?P<v>[\w.-]{1,64}=[^\n\"']{4,})"),
    _rule(
        "auth", r"(?<![\w-])auth\\*[\"']?\s{0,9}:\s{0,9}\\*[\"']?(?P<v>[A-Za-z0-9+/]{8,}={0,2})(?![\w-])", _docker_auth
    ),
    _rule("identified|password", r"(?:identified\s+(?:with\s+\S{1,64}\s+)?by|password)\s+'(?P<v>[^']{1,512})'"),
    _rule(  # what programs say when they make or change one
        "password|passphrase",
        r"\b(?:password|passphrase)\s+(?:(?:(?:is|was|will\s+be)\s+)?(?:(?:re)?set|changed)\s+to|is|was|will\s+be)[\s:]{1,3}"
        rf"[\"'`]?{MIXED}(?=[\"'`]?[.,;!)]?(?:\s|$))",
    ),
    _rule(
        "password|passphrase",
        r"\b(?:(?:temporary|generated|random|initial|new)\s+(?:\w+\s+)?(?:password|passphrase)"
        rf"|password\s+(?:for\s+(?:user\s+)?\S{{1,64}}|(?:is\s+|was\s+)?(?:generated|created|set)))\b[^\n:]{{0,60}}:\s+{MIXED}\s*$",
    ),
    _rule(
        "password|token|api key",
        rf"\b(?:password|token(?=\s+[\"'][^\s\"']*(?-i:[A-Z]))|api\s+key)\s+[\"']{MIXED}[\"']",
    ),
    _rule(
        "api key|api-key|access key",
        rf"\b(?:api|access)[ -]key\s+(?:provided:?\s+|used:?\s+)?{MIXED}(?=[.,;]?(?:\s|$))",
    ),
    _rule(
        "auth plain|auth login",
        r"\bauth\s+(?:plain|login)\s+(?=[a-z]*(?-i:[A-Z0-9+/=]))(?P<v>[\w+/]{8,}={0,2})(?![\w=])",
    ),
    _rule(
        WORDS,
        rf"(?:\bconfig(?:ure)?\s+set|_header|^\s*(?:ENV|ARG))\s+[^\s=]{{0,80}}?{KEY}\s+(?![\"'$])(?P<v>[^\s;]+)",
        _named,
        beside=("set ", "SET ", "_header", "ENV ", "ARG "),
    ),
    _rule(
        "akia|asia",
        r"(?:AKIA|ASIA|\*{3})(?:[A-Z0-9]{16})?\W.{0,100}?(?<![\w/+=])(?=[A-Za-z0-9/+]{0,39}[A-Z/+])(?P<v>[A-Za-z0-9/+]{40})(?![\w/+=])",
        None,
        re.NOFLAG,
    ),
    _rule(
        "session=|sessionid=|sessid=|session_id=|connect.sid=",
        r"(?<![\w-])(?:\w{0,32}_session|JSESSIONID|PHPSESSID|ASP\.NET_SessionId|connect\.sid|sessionid)=(?P<v>[\w%.-]{16,})",
    ),
    _rule("setuser|user", r"\b(?:user|setuser)\s+\S{1,64}\s+(?:on|off|reset)\s[^\n>]{0,128}?(?<=\s)>(?P<v>\S+)"),
    _rule("community", r"(?:^\s*r[ow]community6?|\bsnmp-server\s+community)\s+(?P<v>[^\s\"']+)"),
    _rule(
        "requirepass|masterauth|auth-pass|bindpw|rootpw|insecure-password|password",
        r"(?:^\s*(?:requirepass|masterauth|sentinel\s+auth-pass\s+\S{1,64}|bindpw|rootpw)\s+|\binsecure-password\s+"
        rf"|\bmachine\s+\S{{1,253}}\s.{{0,128}}?\bpassword\s+|^\s*password[ \t]+(?=\S+\s*$)){PROSE}(?P<v>[^\s\"'=:]+)",
    ),
    _rule(":", r"^[^:\s/]{1,253}:(?:\d{2,5}|\*):[\w*-]{1,64}:[\w*-]{1,64}:(?P<v>[^:\s]+)$"),
    _rule(
        "stdin|chpasswd|sudo -s|passphrase-fd",
        r"\b(?:echo|printf)\s+(?:-\w+\s+)?(?P<v>[^\s|]{1,256})\s*\|[^|\n]{0,200}?"
        r"(?:password-stdin|chpasswd|--stdin|sudo -S|passphrase-fd)",
    ),
    _rule("pass:", r"-pass(?:in|out)?[ \t]+pass:(?P<v>[^\s\"']+)"),
    _rule("pwd=|password=", r"(?:pwd|password)=(?P<v>\{[^{}\"':=]{1,200}\})(?=;|$)"),
    _rule(  # a whole line of settings: its value may have spaces
        WORDS,
        rf"^[ \t]*(?:-[ \t]+){{0,9}}[\"']?[\w.-]{{0,60}}?{KEY}[\"']?[ \t]{{0,9}}[:=][ \t]+"
        rf"{TAGS}(?![\"'|>{{\[*&!\#]){PROSE}"
        r"(?P<v>[^\s\#:=]+(?:[ \t]+[^\s\#:=]+){1,20})(?=[ \t]+\#|[ \t]*$)",
        _named,
    ),
    _rule(
        WORDS,
        rf"^[ \t]*+[\w-]{{1,60}}\.[\w.-]{{0,60}}?{KEY}={PROSE}(?P<v>[^\s\"'\#:=]+(?:[ \t]+[^\s\#:=]+){{1,20}})[ \t]*$",
        _named,
        beside=(".",),
    ),
    _rule(WORDS, rf"{KEY}(?:{TO}|{COMPARED}){QUOTED}", _named, beside=('"', "'")),
    _rule(  # an argument in source
        WORDS,
        rf"{KEY}(?:\(|(?<=[\w])[\"'],)\s?[\"']{MIXED}[\"']\)",
        beside=("(",),
    ),
    _rule(  # what was made fit for HTML
        WORDS,
        rf"{KEY}(?:&quot;|&\#3[49];)?\s?(?:[:=]|&\#61;)\s?(?:&quot;|&\#3[49];)?(?P<v>[^\s&<>\"']+)",
        _named,
        beside=("&quot;", "&#"),
    ),
    _rule(  # what was made fit for a URL, once or more often
        WORDS,
        rf"{KEY}%(?:25){{0,3}}(?:2[27]%(?:25){{0,3}})?(?:3A|3D)(?:%(?:25){{0,3}}2[027]|\+){{0,3}}"
        r"(?P<v>(?:(?!%(?:25){0,3}(?:2[0267C]|7D|5D|0[AD]|3B))[^\s&\"'<>,;])++)",
        _named,
        beside=("%",),
    ),
    _rule(WORDS, rf"{KEY}{TO}{PROSE}{BARE}", _named, beside=(":", "=")),
)
"""Tried line by line."""

NEEDLES = tuple(sorted(frozenset[str]().union(*(rule.needles for rule in (*SPANNING, *LINE)))))
BY_NEEDLE: Mapping[str, tuple[int, ...]] = {
    needle: tuple(number for number, rule in enumerate(LINE) if needle in rule.needles) for needle in NEEDLES
}
"""Which of the rules for lines, in their order, a needle calls for."""
