"""Exchanges ID tokens for access tokens, by the trust relationships that an administrator made."""

import base64
import json
import os
import ssl
import time
from fnmatch import fnmatchcase
from typing import Any

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from flask import Blueprint, jsonify

from tests.doubles.flagsmith.answers import body, database, required
from tests.doubles.flagsmith.database import RefusalError, Row, new_key

trust = Blueprint("trust", __name__)
LIFETIME = 3600  # seconds
NO_MATCH = "No trust relationship matches this token."


def _refusal(detail: str) -> RefusalError:
    return RefusalError(401, {"detail": detail})


@trust.post("/auth/oidc/token/")
def exchange() -> Any:
    given = body()
    required(given, "token")
    try:
        header, claims = (json.loads(_decoded(part)) for part in given["token"].split(".")[:2])
    except ValueError:
        raise _refusal("Token is not a valid JWT.") from None
    if header.get("alg") not in ("RS256", "ES256"):
        raise _refusal("Token signing algorithm is not allowed.")
    known = database().rows("trust_relationships", issuer=claims.get("iss", ""))
    if not known:
        raise _refusal(NO_MATCH)
    _verify(given["token"], claims["iss"], claims)
    audiences = claims["aud"] if isinstance(claims.get("aud"), list) else [claims.get("aud")]
    matched = [row for row in known if row["audience"] in audiences and _fits(row, claims)]
    if not matched:
        raise _refusal(NO_MATCH)
    if len(matched) > 1:
        raise _refusal("Token audience matches multiple trust relationships.")
    token = _access_token(matched[0]["id"], str(claims.get("sub", "")))
    database().access_tokens[token] = matched[0]["id"]
    return jsonify(access_token=token, token_type="Bearer", expires_in=LIFETIME)


def _access_token(number: int, subject: str) -> str:
    """Of the real one's form, and as secret: nobody here checks the signature."""
    says = {"token_type": "trust_relationship", "jti": new_key(), "sub": subject, "trust_relationship_id": number}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, says)]
    return ".".join(part.rstrip(b"=").decode() for part in parts) + f".{new_key()}"


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _verify(token: str, issuer: str, claims: Row) -> None:
    try:
        context = ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE"))
        with httpx.Client(verify=context, trust_env=False) as http:
            found = http.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration").raise_for_status().json()
            (key,) = http.get(found["jwks_uri"]).raise_for_status().json()["keys"]
    except (httpx.HTTPError, ValueError, KeyError):
        raise _refusal("Unable to resolve issuer signing keys.") from None
    number = {name: int.from_bytes(_decoded(key[name]), "big") for name in "ne"}
    signed, _, signature = token.rpartition(".")
    try:
        public = rsa.RSAPublicNumbers(number["e"], number["n"]).public_key()
        public.verify(_decoded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise _refusal("Token validation failed.") from None
    if claims.get("exp", 0) <= time.time():
        raise _refusal("Token validation failed.")


def _fits(row: Row, claims: Row) -> bool:
    for rule in row["claim_rules"]:
        found = claims.get(rule["claim"])
        said = found if isinstance(found, list) else [found]
        if found is None or not any(fnmatchcase(str(one), pattern) for one in said for pattern in rule["values"]):
            return False
    return True
