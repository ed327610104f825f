"""Certificates: whether they can be used at all, and when they end."""

from datetime import datetime
from typing import NamedTuple


def unusable(authority: str | None, certificate: str | None, key: str | None) -> str:
    """Return why these files cannot be used, "" when they can: OpenSSL's own words blame the server for them."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if authority:
            context.load_verify_locations(authority)
    except (ssl.SSLError, ValueError):
        return "the kubeconfig's certificate authority is no certificate in PEM"
    try:
        if certificate:
            context.load_cert_chain(certificate, key, password=_no_password)
    except (ssl.SSLError, ValueError):
        return "the client certificate and key are no pair in PEM, or the key wants a password"
    return ""


def _no_password() -> str:
    """Answer for the terminal, which OpenSSL would ask."""
    return ""


class Lifetime(NamedTuple):
    """From when until when a certificate holds, in UTC."""

    begins: datetime
    ends: datetime


def lifetime(certificate: bytes) -> Lifetime | None:
    """Return when a certificate holds; None for what is no certificate.

    `certificate` is one in DER, or a bundle in PEM: that ends with its last one, since any of them is trusted.
    """
    from cryptography import x509

    try:
        pem = b"-----BEGIN" in certificate
        found = x509.load_pem_x509_certificates(certificate) if pem else [x509.load_der_x509_certificate(certificate)]
    except ValueError:
        return None
    last = max(found, key=lambda item: item.not_valid_after_utc)
    return Lifetime(last.not_valid_before_utc, last.not_valid_after_utc)
