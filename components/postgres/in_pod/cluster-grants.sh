# What grants-audit.sql leaves open where the administrator is no superuser; read after grant-readers.sh.
#
# The function by which flagsmith_audit finds the names of API keys runs as its owner: that is to be a role with nothing
# else, and not the administrator.
in_database --single-transaction --output=/dev/null <<'SQL'
SET client_min_messages = warning;
SELECT pg_catalog.to_regprocedure('feature_flags_audit.api_keys(integer[])') IS NOT NULL AS is_there \gset
\if :is_there
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM flagsmith_audit_keys;
GRANT USAGE ON SCHEMA public TO flagsmith_audit_keys;
GRANT SELECT (id, master_api_key_id) ON public.audit_auditlog TO flagsmith_audit_keys;
GRANT SELECT (id, prefix, name) ON public.api_keys_masterapikey TO flagsmith_audit_keys;
-- Who gets a function must be able to make one there.
GRANT CREATE, USAGE ON SCHEMA feature_flags_audit TO flagsmith_audit_keys;
ALTER FUNCTION feature_flags_audit.api_keys(integer[]) OWNER TO flagsmith_audit_keys;
REVOKE ALL ON SCHEMA feature_flags_audit FROM flagsmith_audit_keys;
REVOKE ALL ON FUNCTION feature_flags_audit.api_keys(integer[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION feature_flags_audit.api_keys(integer[]) TO flagsmith_audit;
\endif
SQL
