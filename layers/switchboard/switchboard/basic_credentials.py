"""Basic authentication: what we send to CRMs, and what their webhooks send to us."""

import base64


def basic_credentials(username: str, password: str) -> str:
    """The value of an Authorization header.

    A lone surrogate can come out of a JSON escape; two different texts stay different.

    Source: RFC 7617, in UTF-8.
    """
    pair = f"{username}:{password}".encode("utf-8", errors="surrogatepass")
    return "Basic " + base64.b64encode(pair).decode("ascii")
