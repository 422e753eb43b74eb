"""Whose certificates `ff` trusts: those of the public authorities, or of the file that `SSL_CERT_FILE` names."""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import httpx

from flagops.errors import BadInputError

VARIABLE, FOR_REQUESTS = "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"


def authorities() -> ssl.SSLContext:
    """What a server's certificate is checked by.

    A file that `SSL_CERT_FILE` names stands in place of the public authorities, as it does for OpenSSL's own programs,
    curl and Python. Raises BadInputError for a file that is not there, or has no certificate.
    """
    return _read(os.environ.get(VARIABLE))


@cache
def no_authorities() -> ssl.SSLContext:
    """What trusts no certificate, for plain HTTP: without one httpx would read the public authorities' each time."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@cache  # to read the public ones takes longer than a request
def _read(file: str | None) -> ssl.SSLContext:
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # ssl.SSLError among them: no certificate in it
        raise BadInputError(
            f"{VARIABLE} names {file}, and no certificate can be read there: {error.strerror or error}.",
            hint="It must be a file with the certificates of authorities, in PEM.",
        ) from None


@contextmanager
def by_requests() -> Iterator[None]:
    """Have `requests`, by which Flagsmith's SDK asks, trust the same file: it knows a variable of its own alone.

    Raises BadInputError where that one names nothing that is there.
    """
    file, own = os.environ.get(VARIABLE), os.environ.get(FOR_REQUESTS)
    if own and not Path(own).exists():
        raise BadInputError(f"{FOR_REQUESTS} names {own}, which is not there: leave it out, or name a file that is.")
    if not file or own:
        yield
        return
    os.environ[FOR_REQUESTS] = file
    try:
        yield
    finally:
        if own is None:
            del os.environ[FOR_REQUESTS]
        else:
            os.environ[FOR_REQUESTS] = own


def how_to_trust() -> str:
    """What to do where a certificate is not trusted."""
    file = os.environ.get(VARIABLE)
    if not file:
        return f"If an authority of your own signed it: {VARIABLE}=/path/to/ca.crt, a file in place of the public ones"
    return f"{VARIABLE} names {file}, in place of the public authorities: if another one signed it, add that one there"


def how_requests_trusts() -> str:
    """The same where `requests` does not trust it, of the variable that counts there."""
    file = os.environ.get(FOR_REQUESTS)
    if not file or file == os.environ.get(VARIABLE):
        return how_to_trust()
    return f"{FOR_REQUESTS} names {file} for it: leave that out, and {VARIABLE} counts, or put the authority there too"


def untrusted(error: BaseException) -> ssl.SSLCertVerificationError | None:
    """The refusal of a certificate below an error of httpx, which keeps it only as a cause of a cause."""
    below: BaseException | None = error
    while below is not None and not isinstance(below, ssl.SSLCertVerificationError):
        below = below.__cause__ or below.__context__
    return below
