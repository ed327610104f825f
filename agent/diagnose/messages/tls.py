"""How programs say that they do not trust the certificate of the other side, or the other side not theirs.

A key or certificate of their own that they cannot read is none of these.
"""

from agent.diagnose import modes
from agent.diagnose.messages.message import messages

TRUST = messages(
    modes.CERTIFICATE_REFUSED,
    (
        "Go crypto/x509",
        r"x509: (?:certificate (?!request)|cannot validate certificate|unhandled critical extension|issuer)"
        r"|failed to verify certificate|x509: .*certificate is valid for",
        "src/crypto/x509/verify.go",
    ),
    (
        "Go crypto/tls",
        r"remote error: tls: (?:bad|expired|unknown|revoked|unsupported) certificate"
        r"|remote error: tls: (?:unknown certificate authority|certificate (?:required|expired))"
        r"|tls: (?:bad certificate|client didn't provide a certificate|certificate required)",
        "src/crypto/tls/alert.go",
    ),
    (
        "OpenSSL",
        r"certificate verify failed|CERTIFICATE_VERIFY_FAILED|(?<!gift )certificate has expired"
        r"|certificate is not yet valid"
        r"|self[- ]signed certificate|unable to get (?:local )?issuer certificate"
        r"|unable to verify the first certificate"
        r"|sslv3 alert (?:bad certificate|certificate)|alert (?:unknown ca|certificate expired|bad certificate"
        r"|number 42|number 48)"
        r"|tlsv1 alert unknown ca|[Hh]ostname mismatch, certificate",
        "crypto/x509/x509_txt.c",
    ),
    (
        "Node tls",
        r"CERT_HAS_EXPIRED|CERT_NOT_YET_VALID|SELF_SIGNED_CERT|UNABLE_TO_(?:VERIFY_LEAF|GET_ISSUER)"
        r"|ERR_TLS_CERT_ALTNAME_INVALID|does not match certificate's altnames",
        "doc/api/tls.md",
    ),
    (
        "Java JSSE",
        r"PKIX path|unable to find valid certification path|CertificateExpiredException|CertificateNotYetValid"
        r"|No subject alternative (?:DNS )?names? (?:matching|present)|bad_certificate|certificate_unknown"
        r"|No name matching \S+ found"
        r"|trustAnchors parameter must be non-empty",
        "sun.security.validator",
    ),
    (
        "Python ssl",
        r"SSLCertVerificationError|doesn't match either of|hostname '[^']*' doesn't match",
        "Lib/ssl.py, urllib3",
    ),
    ("rustls", r"invalid peer certificate", "rustls/src/error.rs"),
    (
        ".NET",
        r"remote certificate (?:is invalid|was rejected)|RemoteCertificate(?:NameMismatch|ChainErrors)"
        r"|chain built correctly but|PartialChain|UntrustedRoot",
        "System.Net.Security",
    ),
    ("curl", r"SSL certificate problem|SSL: no alternative certificate subject name", "lib/vtls"),
    (
        "git, GnuTLS",
        r"server certificate verification failed|certificate (?:is|was) not trusted|signer not found",
        "GnuTLS",
    ),
    (
        "PostgreSQL client",
        r"root certificate file \"[^\"]*\" does not exist|server certificate for \"[^\"]*\"",
        "fe-secure-openssl.c",
    ),
    (
        "others",
        r"(?i:\b(?:untrusted|unknown) (?:certificate )?authority|certificate (?:has been |is |was )?(?:revoked"
        r"|expired|untrusted))"
        r"|(?i:certificate (?:signed by|of) (?:an )?unknown)",
        "usual wording",
    ),
)
