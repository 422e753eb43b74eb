"""What counts as a secret that is written out, and what does not: both kinds, by name and by form."""

import pytest

from components.text import quoting
from components.text.plain_secrets import is_called_secret, secret_in, values_at
from components.text.secret_forms import is_random, masked, secret_form

WORD = "hunter2-hunter2"
CHANCE = "q7Rk2vXw9LmT4bZc8NfY"
HEX = "9f86d081884c7d659a2feaa0c55ad015"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N"
BASIC = "ZmxhZ3NtaXRoOmh1bnRlcjI="

BY_NAME = [
    *(
        "DB_PASSWORD",
        "SMTP_PASSWD",
        "BACKUP_PASSPHRASE",
        "LDAP_AUTH_BIND_PW",
        "BIND_PWD",
        "DB_PASS",
        "WIFI_PSK",
        "PASSWORD",
    ),
    *(
        "GITHUB_TOKEN",
        "API_KEY",
        "apiKey",
        "APIKEY",
        "STRIPE_SECRET",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_ACCESS_KEY",
        "CREDENTIALS",
    ),
    *(
        "GOOGLE_CREDENTIALS",
        "SENTRY_DSN",
        "JWT_SIGNING",
        "JWT_SIGNING_KEY",
        "RSA_PRIVATE",
        "SSH_PRIVATE_KEY",
        "redisPassword",
    ),
    *(
        "DB_PASSWORD_1",
        "DB_PASSWORD_PROD",
        "TOKEN_VALUE",
        "SECRET_BASE64",
        "PGPASSWORD",
        "MYSQL_PWD",
        "GITHUB_PAT",
        "MY_CREDS",
    ),
    *(
        "ENCRYPTION_KEY",
        "HMAC_KEY",
        "LICENSE_KEY",
        "APP_KEY",
        "DJANGO_SECRET_KEY",
        "EDGE_REQUEST_SIGNING_KEY",
        "PASSWORD_SALT",
    ),
    *("example.com/token", "nginx.ingress.kubernetes.io/basic-auth-password"),
]
WITH_A_FORM = [
    f"postgresql://flagsmith:{WORD}@db:5432/flagsmith",
    "postgresql://flagsmith:$ecret9@db:5432/flagsmith",
    "postgresql://flagsmith:$PASSWORD@db:5432/flagsmith",
    "postgresql://flagsmith:pa/ss@db:5432/flagsmith",
    "postgresql://flagsmith:12345@db/flagsmith",
    "amqp://guest:1@queue",
    f"redis://:{WORD}@redis:6379",
    "https://key@host/1",
    f"https://{HEX}@o1.ingest.sentry.io/42",
    f"https://user:{WORD}@mirror.example.com/dockerhub",
    f"user:{WORD}@mirror.example.com/dockerhub",
    f"flagsmith:{WORD}@tcp(db:3306)/flagsmith",
    f"https://audit.example.com/ingest?token={WORD}",
    "https://acc.blob.core.windows.net/c?sv=2024&sig=aB3%2Fx",
    f"https://hooks.slack.com/services/T000/B000/{CHANCE}",
    f"https://discord.com/api/webhooks/123/{CHANCE}",
    f"Server=db;User Id=sa;Password={WORD}",
    f"host=db user=flagsmith password={WORD}",
    f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={CHANCE}==",
    f"Endpoint=sb://a/;SharedAccessKeyName=b;SharedAccessKey={CHANCE}=",
    f"Bearer {WORD}",
    f"Authorization: Bearer {JWT}",
    f"Basic {BASIC}",
    f"Authorization=Token {CHANCE}",
    f"Api-Key {CHANCE}",
    "ghp_0123456789abcdefghij",
    "github_pat_11ABCDEFG0abcdefghijkl",
    "glpat-0123456789abcdefghij",
    "xoxb-123456789012-abcdefghij",
    "xapp-1-A012-345-abcdef",
    "AKIAABCDEFGHIJKLMNOP",
    "sk_live_0123456789abcdef",
    "whsec_0123456789abcdef",
    f"AIza{CHANCE}{CHANCE}",
    "SG.0123456789abcdefgh.0123456789abcdefgh",
    "hvs.CAESIJ0123456789abcdef",
    "npm_0123456789abcdefghij0123456789abcd",
    "ser.5CcAgmZPv9dEzPBTmHNsEv",
    "MSRYVQeT.0123456789abcdefghijABCDEFGHIJ01",
    JWT,
    "-----BEGIN RSA PRIVATE KEY-----\nMIIB",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl",
    "-----BEGIN PGP PRIVATE KEY BLOCK-----\nabc",
]
HARMLESS = [
    ("AUTH_PASSWORD_VALIDATORS", "django.contrib.auth.password_validation.MinimumLengthValidator"),
    ("LDAP_PASSWORD_VALIDATORS", '[{"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"}]'),
    *(("TOKEN_EXPIRY", value) for value in ("3600", "15m", "PT1H")),
    ("COOKIE_AUTH_JWT_ACCESS_TOKEN_LIFETIME_MINUTES", "600"),
    ("SECRET_NAME", "flagsmith-database"),
    ("EXISTING_SECRET_NAME", "flagsmith-database-of-the-second-team"),
    ("PASSWORD_RESET_EMAIL_COOLDOWN", "86400"),
    ("MAX_PASSWORD_RESET_EMAILS", "5"),
    ("POSTGRES_PASSWORD_FILE", "/run/secrets/password"),
    ("DB_PASSWORD", "/run/secrets/postgres/password"),
    ("TOKEN", "/var/run/token.jwt"),
    *(("REQUIRE_TOKEN", value) for value in ("true", "True", "FALSE", "", "none", "required")),
    ("PASSWORD", "$(OTHER)"),
    ("DATABASE_URL", "postgresql://flagsmith:$(PASSWORD)@db:5432/flagsmith"),
    ("DATABASE_URL", "postgresql://flagsmith@db:5432/flagsmith"),
    ("SENTRY_DSN", "https://sentry.example.com/1"),
    ("POSTGRES_DSN", "host=db dbname=flagsmith sslmode=require"),
    ("OIDC_TOKEN", "https://login.example.com/oauth2/token"),
    ("SUBSCRIPTION_LICENCE_PUBLIC_KEY", "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA"),
    ("SSH_KEY", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS a@b"),
    ("SIGNING_KEY", "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0"),
    ("IMAGE", f"flagsmith/flagsmith:2.265.0@sha256:{HEX}{HEX}"),
    ("SECRET_IMAGE", f"sha256:{HEX}{HEX}"),
    ("FLAGSMITH_ON_FLAGSMITH_API_KEY", "5CcAgmZPv9dEzPBTmHNsEv"),
    ("AMPLITUDE_API_KEY", HEX),
    ("CACHE_KEY", "flags"),
    ("KEY_PREFIX", "flagsmith:2.265.0"),
    ("LOGIN_THROTTLE_RATE", "20/min"),
    ("TOKEN", "20/min"),
    ("LOCATION", "redis://cache.example.com:6379/1?socket_timeout=0.05"),
    ("ALLOWED", "http://localhost:8000,https://flags.example.com/@team"),
    ("CONTACT", "mailto:admin@example.com"),
    ("NOTE", "the bearer token is in a Secret; Basic auth is off"),
    ("NOTE", "A token expires; the password is in the vault"),
    ("FORMAT", 'host=%(h)s token=%(t)s "%(r)s"'),
    ("MODULE", "oauth2_provider.contrib.rest_framework.OAuth2Authentication"),
    ("TOKEN_GENERATOR", "oauth2_provider.generators.generate_client_secret"),
    ("SECRET_ARN", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:flagsmith-AbCdEf"),
    ("DB_SECRET", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:flagsmith-AbCdEf"),
    ("nginx.ingress.kubernetes.io/auth-secret", "basic-auth"),
    ("nginx.ingress.kubernetes.io/auth-tls-secret", "feature-flags/clients"),
    ("nginx.ingress.kubernetes.io/auth-realm", "Authentication Required - Basic auth"),
    ("nginx.ingress.kubernetes.io/configuration-snippet", "proxy_set_header X-Token $http_x_token;"),
    (
        "alb.ingress.kubernetes.io/certificate-arn",
        "arn:aws:acm:eu-central-1:123456789012:certificate/1234abcd-12ab-34cd-56ef",
    ),
    ("external-dns.alpha.kubernetes.io/hostname", "flags-2.eu-central-1.example.com"),
    ("ACCESS_LOG_FORMAT", "%(m)s %(U)s %(s)s"),
    *(
        ("nginx.ingress.kubernetes.io/auth-url", f"https://auth.example.com/check?{query}")
        for query in ("token=$arg_token", "token=${http_x_token}", "a=1&token=$cookie_session", "code=$request_id")
    ),
    ("nginx.ingress.kubernetes.io/configuration-snippet", "set $a token=$arg_token;"),
    *(
        (name, value)
        for name in ("AWS_KMS_KEY_ID", "ENCRYPTION_KEY_ID", "SIGNING_KEY_ID_1", "kmsKeyId")
        for value in (
            "1234abcd-12ab-34cd-56ef-1234567890ab",
            "mrk-1234abcd12ab34cd56ef1234567890ab",
            "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "https://ours.vault.azure.net/keys/flags/78deebed173b48e48f55abf87ed4cf71",
            "projects/ours/locations/europe-west3/keyRings/flags/cryptoKeys/flags/cryptoKeyVersions/12",
        )
    ),
    ("TOKEN_ARN", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:flagsmith/q7Rk2vXw9LmT4bZc-AbCdEf"),
    ("BYPASS", "yes-please"),
    ("COMPASS_HOST", "north-by-northwest"),
    ("SEGMENT_TOKENIZER", "whitespace"),
]


@pytest.mark.parametrize("name", BY_NAME)
@pytest.mark.parametrize(
    "value", [WORD, f"$ecret-{WORD}", "$HOME", "correcthorse", CHANCE, "12345678", "/aB3x9Qz", "p@ss"]
)
def test_the_value_of_what_is_called_like_a_secret_is_one(name: str, value: str) -> None:
    assert is_called_secret(name)
    assert secret_in(name, value)


@pytest.mark.parametrize("name", ["DB_PASSWORD", "SMTP_PASSWD", "PGPASSWORD", "BIND_PWD", "DB_PASS_1", "adminPassword"])
@pytest.mark.parametrize("value", ["1234", "30s", "correct.horse.battery", "default", "required", "yes"])
def test_of_a_password_that_a_person_chose_a_number_and_a_word_are_one_too(name: str, value: str) -> None:
    assert secret_in(name, value)
    assert secret_in("REQUIRE_TOKEN", value) is None


UUID = "1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        # A password that begins as a variable does, and one beside a variable.
        ("example.com/auth-url", "https://auth.example.com/check?token=$ecret9"),
        ("example.com/auth-url", "https://auth.example.com/check?token=$arg_token!x"),
        ("example.com/auth-url", f"https://auth.example.com/check?token=$arg_token&api_key={WORD}"),
        ("example.com/auth-url", f"https://auth.example.com/check?token=$arg_token{CHANCE}."),
        ("example.com/auth-url", "https://me:$ecret9@auth.example.com/check?token=$arg_token"),
        ("NOTE", "token=$arg_token password=hunter2-hunter2"),
        # An identifier under a name whose value logs in, and what is none under the name of one.
        ("VAULT_SECRET_ID", UUID),
        ("API_KEY", UUID),
        ("LOGIN_TOKEN", UUID),
        ("KMS_KEY_ID", CHANCE),
        ("KMS_KEY_ID", HEX),
        ("AWS_ACCESS_KEY_ID", "AKIAABCDEFGHIJKLMNOP"),
        ("KMS_KEY_ID", f"{UUID} {CHANCE}"),
        ("KMS_KEY_ID", f"https://me:{WORD}@ours.vault.azure.net/keys/flags"),
        ("API_KEY", f"arn:{CHANCE}"),
    ],
)
def test_a_secret_beside_what_is_none_is_still_found(name: str, value: str) -> None:
    assert secret_in(name, value)


@pytest.mark.parametrize("text", WITH_A_FORM)
@pytest.mark.parametrize("name", ["NOTE", "FLAGSMITH_ON_FLAGSMITH_API_KEY", "example.com/note", "TOKEN_EXPIRY"])
def test_a_text_with_the_form_of_a_secret_is_one_whatever_its_name(name: str, text: str) -> None:
    assert secret_form(text)
    assert secret_in(name, text)


@pytest.mark.parametrize("name", ["SECRET_OF_THE_API", "VAULT_TOKEN_HEADER", "SSH_KEY", "AUTH_STRING_OF_OURS"])
@pytest.mark.parametrize("value", [CHANCE, f"{HEX}", f"{CHANCE}=="])
def test_a_value_made_by_chance_is_one_where_the_name_speaks_of_secrets(name: str, value: str) -> None:
    assert secret_in(name, value)
    assert secret_in("REVISION", value) is None


@pytest.mark.parametrize(("name", "value"), HARMLESS)
def test_what_is_no_secret_is_let_be(name: str, value: str) -> None:
    assert secret_in(name, value) is None


@pytest.mark.parametrize("text", WITH_A_FORM)
def test_what_is_masked_has_no_form_of_a_secret_any_more_and_keeps_the_rest(text: str) -> None:
    hidden = masked(f"before {text} after", "…")
    assert hidden.startswith("before ")
    for part in (WORD, CHANCE, HEX, JWT, BASIC, "$ecret9", "MIIB", "b3Bl", "0123456789abcdef"):
        assert part not in hidden
    assert text not in hidden


def test_masking_leaves_what_is_no_secret_and_names_the_user_and_the_host() -> None:
    assert masked("postgresql://me:hunter2@db/x", "…") == "postgresql://me:…@db/x"
    assert masked("no secret at https://example.com/a?b=c", "…") == "no secret at https://example.com/a?b=c"


@pytest.mark.parametrize(
    "script",
    [
        'export PGPASSWORD="$1"; psql "postgresql://$LOGIN:$PASSWORD@db/flagsmith"',
        "password=$(cat /run/secrets/password)",
        'connect(password=os.environ["PASSWORD"], token=read(path))',
        'headers = {"Authorization": f"Bearer {token}"}',
        "ALTER ROLE flagsmith PASSWORD :'password'",
    ],
)
def test_a_script_may_fill_a_secret_in(script: str) -> None:
    assert secret_form(script, is_script=True) is None


@pytest.mark.parametrize(
    "script", [f"psql postgresql://me:{WORD}@db/x", f"curl -H 'Authorization: Bearer {CHANCE}' https://a"]
)
def test_a_script_may_not_hold_one(script: str) -> None:
    assert secret_form(script, is_script=True)


@pytest.mark.parametrize("text", WITH_A_FORM)
def test_no_message_quotes_what_has_the_form_of_a_secret(text: str) -> None:
    for said in (quoting.value(text), quoting.as_json(text), quoting.value([text, 1]), quoting.value({"a": text})):
        assert "not shown" in said
        for part in (text, WORD, CHANCE, HEX, JWT, BASIC):
            assert part not in said
    assert quoting.value("a value of a flag") == "'a value of a flag'"


@pytest.mark.parametrize(
    "text", ["kube-prometheus-stack-of-ours", "flags.eu-central-1.example.com", "2026-11-27T10:00:00Z-abc"]
)
def test_names_hosts_and_times_are_not_made_by_chance(text: str) -> None:
    assert not is_random(text)


def test_the_values_of_named_settings_are_found_also_where_pulumi_hands_them_over_as_json() -> None:
    keys = ("env.TOKEN_FORMAT", "ingress.annotations.example.com/token", "imagePullSecrets[0]", "env.GONE", "host")
    values = {
        "env": '{"TOKEN_FORMAT":"opaque","OTHER":"x"}',
        "ingress": {"annotations": {"example.com/token": "opaque-2"}},
        "imagePullSecrets": '["a","b"]',
        "host": "flags.example.com",
    }
    assert values_at(values, keys) == {"opaque", "opaque-2", "a", "flags.example.com"}
