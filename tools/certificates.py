"""Whether certificates can be used at all, asked before a server is: OpenSSL's own words blame the server for them."""


def unusable(authority: str | None, certificate: str | None, key: str | None) -> str:
    """Return why these files cannot be used, "" when they can."""
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
