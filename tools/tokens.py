"""Tokens that show by their own shape whose they are: the prefixes well-known services give to what they issue.

Which services and which prefixes is taken from the published rule sets of gitleaks (v8.30, commit b58d3f10) and
detect-secrets (v1.5.0); the patterns are our own. They are looser on length than those sets: here a miss costs more
than a masked look-alike, and stricter where a prefix is also how a pod or an npm setting may be called.
"""

SHAPES: tuple[tuple[str, str], ...] = (
    ("ghp_ gho_ ghs_ ghu_ ghr_", r"gh[opsru]_\w{16,}+"),
    ("github_pat_", r"github_pat_\w{16,}+"),
    (
        "glpat- gldt- glft- glrt- glptt- glsoat- gloas- glagent- glimt- glffct- glcbt-",
        r"gl(?:pat|dt|ft|rt|ptt|soat|oas|agent|imt|ffct|cbt)-[\w.-]{16,}+",
    ),
    ("gr1348941", r"GR1348941[\w-]{16,}+"),
    ("xox", r"xox[abeoprs](?:\.xox[bp])?-[\w-]{8,}+"),
    ("xapp-", r"xapp-\d-[\w-]{8,}+"),
    ("sk- sk_ rk_", r"sk-(?:(?:proj|ant|svcacct|admin|or|lf)-[\w-]{16,}+|(?=[A-Za-z]*[0-9])[A-Za-z0-9_]{16,}+)"),
    ("sk_ rk_", r"[sr]k_(?=\w*\d)\w{12,}+"),
    ("whsec_", r"whsec_[\w+/=]{16,}+"),
    ("akia asia abia acca a3t", r"(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Z0-9])"),
    ("absk bedrock-api-key-", r"ABSK[A-Za-z0-9+/=]{60,}+|bedrock-api-key-[\w+/=]{16,}+"),
    ("ltai", r"LTAI[A-Za-z0-9]{16,}+"),
    ("aiza", r"AIza[\w-]{16,}+"),
    ("ya29.", r"ya29\.[\w.-]{20,}+"),
    ("gocspx-", r"GOCSPX-[\w-]{20,}+"),
    ("1//0", r"1//0[\w-]{30,}+"),
    ("npm_", r"npm_(?=[A-Za-z]*[0-9])[A-Za-z0-9]{30,}+"),
    ("hf_ api_org_", r"(?:hf_|api_org_)[A-Za-z0-9]{30,}+"),
    ("pypi-", r"pypi-Ag[\w-]{16,}+"),
    ("rubygems_", r"rubygems_[a-f0-9]{40,}+"),
    ("clojars_", r"CLOJARS_[A-Za-z0-9]{50,}+"),
    ("dckr_", r"dckr_[po]at_[\w-]{16,}+"),
    ("sg.", r"SG\.[\w=.-]{50,}+"),
    ("key-", r"key-[0-9a-f]{32}(?![0-9a-f])"),
    ("-us", r"[0-9a-f]{32}-us\d{1,2}(?!\w)"),
    ("xkeysib- xsmtpsib-", r"x(?:key|smtp)sib-[\w-]{40,}+"),
    ("sk", r"SK[0-9a-fA-F]{32}(?!\w)"),
    ("doo_v1_ dop_v1_ dor_v1_", r"do[opr]_v1_[a-fA-F0-9]{40,}+"),
    ("dapi", r"dapi[a-f0-9]{32}(?:-\d)?(?!\w)"),
    ("dp.", r"dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{30,}+"),
    ("dt0", r"dt0[a-z]\d\d\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{60,}+"),
    ("sq0", r"sq0(?:atp|csp)-[\w-]{22,}+"),
    ("eaa", r"EAAA(?=[A-Za-z_-]*\d)[\w-]{22,}+|EAA[MC][A-Za-z0-9]{90,}+"),
    ("shpat_ shpca_ shppa_ shpss_", r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),
    ("shippo_", r"shippo_(?:live|test)_[a-fA-F0-9]{40}"),
    ("hvs. hvb. hvr.", r"hv[sbr]\.[\w-]{20,}+"),
    ("s.", r"s\.(?=[A-Za-z]*\d)(?=[a-z0-9]*[A-Z])[A-Za-z0-9]{24}(?![\w.])"),
    ("atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{50,}+"),
    ("glc_ glsa_", r"gl(?:c|sa)_[A-Za-z0-9+/=_]{30,}+"),
    ("eyjrijoi", r"eyJrIjoi[A-Za-z0-9+/=]{40,}+"),
    ("lin_api_", r"lin_api_[A-Za-z0-9]{30,}+"),
    ("ntn_ secret_", r"(?:ntn_|secret_)(?=[A-Za-z]*\d)[A-Za-z0-9]{40,}+"),
    ("pmak-", r"PMAK-[a-fA-F0-9]{24}-[a-fA-F0-9]{30,}+"),
    ("pul-", r"pul-[a-f0-9]{40}"),
    ("pplx- nvapi- xai- tskey-", r"(?:pplx|nvapi|xai|tskey)-[\w-]{24,}+"),
    ("gsk_ r8_ figd_ pnu_ rdme_ sbp_", r"(?:gsk|r8|figd|pnu|rdme|sbp)_(?=[A-Za-z]*\d)[\w-]{30,}+"),
    ("lsv2_ sb_secret_ phx_", r"(?:lsv2_[ps][tk]_|sb_secret_|phx_)[\w-]{20,}+"),
    ("pscale_", r"pscale_(?:tkn|oauth|pw)_[\w=.-]{30,}+"),
    ("sntrys_ sntryu_", r"sntry[su]_[\w+/=]{40,}+"),
    ("sgp_", r"sgp_(?:[a-fA-F0-9]{16}_|local_)?[a-fA-F0-9]{40}"),
    ("tk-us-", r"tk-us-[\w-]{40,}+"),
    ("ops_eyj", r"ops_eyJ[A-Za-z0-9+/=]{60,}+"),
    ("a3-", r"A3-[A-Z0-9]{6}-[A-Z0-9-]{11,12}(?:-[A-Z0-9]{5}){3}"),
    ("p8e-", r"p8e-[A-Za-z0-9]{32}"),
    ("pat", r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}"),
    ("pat. sat.", r"[ps]at\.[\w-]{22}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{20}"),
    ("pat-", r"pat-(?:na|eu)\d-[a-f0-9-]{36}"),
    ("akc", r"AKC[A-Za-z0-9]{10,}+"),
    ("ap", r"AP[0-9A-F](?=[A-Za-z]*\d)[A-Za-z0-9]{20,}+"),
    ("cmvmd", r"cmVmd[A-Za-z0-9]{59}"),
    ("hrku-", r"HRKU-[\w-]{36,}+"),
    ("ico-", r"ico-[A-Za-z0-9]{32}(?!\w)"),
    ("nrak- nrii- nrjs-", r"NR(?:AK|II|JS)-[A-Za-z0-9-]{19,}+"),
    ("duffel_", r"duffel_(?:test|live)_[\w=-]{40,}+"),
    ("ezak eztk", r"EZ[AT]K[A-Za-z0-9]{54}"),
    ("flwseck", r"FLWSECK(?:_TEST)?-[A-Za-z0-9]{12,}(?:-X)?"),
    ("fio-u-", r"fio-u-[\w=-]{60,}+"),
    ("fo1_ fm1 fm2_", r"(?:fo1_|fm1[ar]_|fm2_)[\w+/=-]{40,}+"),
    ("api-", r"API-[A-Z0-9]{26}(?![A-Z0-9])"),
    ("sha256~", r"sha256~[\w-]{43}"),
    ("v1.0-", r"v1\.0-[a-f0-9]{24}-[a-f0-9]{100,}+"),
    ("q~", r"[\w~.]{3}\dQ~[\w~.-]{31,34}"),
    ("age-secret-key-", r"AGE-SECRET-KEY-1[A-Z0-9]{40,}+"),
    ("sm_", r"sm_(?:aat|pat|sat)_[A-Za-z0-9]{16}"),
    ("_mmk", r"[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk"),
    ("atatt3 atctt3", r"AT[AC]TT3[\w=-]{60,}+"),
    (":a", r"\d{8,10}:A[\w-]{34}(?![\w-])"),
    (".acc", r"(?:sc|ext|scauth|authress)_[a-z0-9]{5,30}\.[a-z0-9]{4,6}\.acc[_-][a-z0-9-]{10,32}\.[\w+/=-]{30,}+"),
    ("4b1d", r"4b1d[A-Za-z0-9]{38}(?!\w)"),
    ("dnkey-", r"dnkey-[\w=-]{20,}+"),
    ("live_", r"live_(?=[A-Za-z_-]*\d)[\w=-]{35,}+"),
    ("test_", r"test_[a-f0-9]{35}(?!\w)"),
    ("s-s4t2", r"s-s4t2(?:ud|af)-[a-fA-F0-9]{64}"),
    ("access-", r"access-(?:sandbox|development|production)-[0-9a-f]{8}-[0-9a-f-]{27}"),
    ("squ_ sqa_ sqp_", r"sq[uap]_(?=[A-Za-z_-]*\d)[\w=-]{30,}+"),
    ("tfp_", r"tfp_[\w.=-]{40,}+"),
    (".local. .public.", r"v[1-4]\.(?:local|public)\.[\w-]{32,}+(?:\.[\w-]++)?"),
    ("k10", r"K10[a-f0-9]{48,}::[\w:.-]{8,}+"),
    ("|", r"\d{15,16}\|[\w-]{27,40}(?![\w-])"),
    (".", r"[MNO][\w-]{23,25}\.[\w-]{6}\.[\w-]{27,38}"),
)
"""Needles (lower case) that stand in every such token, and its shape. Nothing of a word stands before it.

A Discord bot's token, the last, has no prefix, only its three lengths."""

WEBHOOKS = (
    r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/|discord(?:app)?\.com/api/(?:v\d+/)?webhooks/\d+/"
    r"|webhook\.office\.com/webhookb2/|outlook\.office(?:365)?\.com/webhook/|api\.telegram\.org/(?:file/)?bot"
    r"|hooks\.zapier\.com/hooks/catch/|maker\.ifttt\.com/trigger/[\w-]{1,64}/(?:json/)?with/key/"
    r"|events\.pagerduty\.com/integration/|open\.(?:feishu|larksuite)\.(?:cn|com)/open-apis/bot/(?:v2/)?hook/"
    r"|hc-ping\.com/|/hooks/(?=[a-z0-9]{26}(?!\w))|webhook\.site/"
)
"""URLs that let whoever has them post: up to what is secret in them."""

TAME = (
    r"(?![0-9a-f]{32}-us|xox|xapp|gl[a-z]{2}|sk-|dapi|dp\.|[ps]at[.-]|hv[sbr]\.|s\.|key-|pul-|ico-|dt0|fio-|sq0|pplx|tskey|nvapi"
    r"|xai-|v[1-4]\.|xkeysib|xsmtpsib|tk-us|p8e-|4b1d|dnkey-|s-s4t2|access-)"
)
"""What begins no token that is made of small letters, digits, dots and dashes alone."""
