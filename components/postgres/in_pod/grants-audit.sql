-- What the role flagsmith_audit may read and write. Run it as the tables' owner or a superuser, after each migration and
-- after a restore, in the database that Flagsmith uses; a second run changes nothing. The role exists already.
--
-- Columns, not tables: no hash of a password, and no server-side key. A column that a release of Flagsmith does not have
-- is left out, and what is read of it is missing then.
--
-- Whoever owns the database may have functions, and a search path for everybody, that are not PostgreSQL's.
SET search_path = pg_catalog, pg_temp;
GRANT USAGE ON SCHEMA public TO flagsmith_audit;
DO $body$
DECLARE wanted record;
DECLARE found text;
BEGIN
    FOR wanted IN SELECT * FROM (VALUES
        -- Without master_api_key_id, here and in the history: the id of an API key holds the key's hash.
        ('audit_auditlog', 'id created_date log author_id environment_id project_id related_object_id
            related_object_type related_object_uuid is_system_event history_record_id history_record_class_path'),
        ('users_ffadminuser', 'id email'),
        ('projects_project', 'id name'),
        ('environments_environment', 'id name'),
        ('environments_identity', 'id identifier'),
        ('features_feature', 'id name'),
        ('features_featurestate', 'id feature_id feature_segment_id identity_id environment_feature_version_id'),
        ('features_featuresegment', 'id segment_id'),
        ('segments_segment', 'id name feature_id version_of_id'),
        ('feature_versioning_environmentfeatureversion', 'uuid environment_id feature_id published_at'),
        ('multivariate_multivariatefeatureoption', 'id key type boolean_value integer_value string_value'),
        ('multivariate_multivariatefeaturestatevalue', 'id feature_state_id multivariate_feature_option_id
            percentage_allocation'),
        ('features_historicalfeature', 'id history_id history_type name description initial_value default_enabled type
            is_archived is_server_key_only'),
        ('features_historicalfeaturestate', 'id history_id history_type history_date feature_id feature_segment_id
            identity_id environment_feature_version_id enabled'),
        ('features_historicalfeaturestatevalue', 'id history_id history_type feature_state_id type boolean_value
            integer_value string_value'),
        ('features_historicalfeaturesegment', 'id history_id history_type segment_id priority'),
        ('multivariate_historicalmultivariatefeatureoption', 'id history_id history_type key type boolean_value
            integer_value string_value default_percentage_allocation'),
        ('multivariate_historicalmultivariatefeaturestatevalue', 'id history_id history_type feature_state_id
            multivariate_feature_option_id percentage_allocation'),
        ('segments_historicalsegment', 'id history_id history_type name description rules_data'),
        -- Without api_key, the client-side key, and webhook_url, which may hold a token.
        ('environments_historicalenvironment', 'id history_id history_type name description
            minimum_change_request_approvals allow_client_traits banner_text banner_colour hide_disabled_flags
            hide_sensitive_data use_v2_feature_versioning use_mv_v2_evaluation use_identity_overrides_in_local_eval')
        ) AS list(relation, names)
    LOOP
        SELECT pg_catalog.string_agg(pg_catalog.quote_ident(attname), ', ') INTO found FROM pg_catalog.pg_attribute
            WHERE attrelid = pg_catalog.to_regclass('public.' || wanted.relation) AND attnum > 0 AND NOT attisdropped
            AND attname = ANY (pg_catalog.regexp_split_to_array(wanted.names, '\s+'));
        IF found IS NOT NULL THEN
            EXECUTE pg_catalog.format('GRANT SELECT (%s) ON public.%I TO flagsmith_audit', found, wanted.relation);
        END IF;
    END LOOP;
END $body$;

-- A schema of this name that somebody else owns may hold anything; what it keeps of the exporter is begun anew. And one that
-- comes into being meanwhile ends this: it is made here, or it was there and is ours.
DO $body$
DECLARE owner name;
BEGIN
    SELECT r.rolname INTO owner FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_roles r ON r.oid = n.nspowner
        WHERE n.nspname = 'feature_flags_audit';
    IF owner <> current_user AND NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = owner) THEN
        RAISE WARNING 'the schema feature_flags_audit belonged to % and is made anew: the audit log is exported from its start', owner;
        DROP SCHEMA feature_flags_audit CASCADE;
        owner := NULL;
    END IF;
    IF owner IS NULL THEN
        CREATE SCHEMA feature_flags_audit;
    END IF;
END $body$;
-- Which API key an entry names, without its hash. A body in quotes, not BEGIN ATOMIC: a migration of Flagsmith's must not
-- fail because something depends on its columns.
CREATE OR REPLACE FUNCTION feature_flags_audit.api_keys(entries integer[])
    RETURNS TABLE (entry integer, prefix text, name text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET row_security = off
    AS $body$
        SELECT entry.id, key.prefix, key.name FROM public.audit_auditlog entry
        JOIN public.api_keys_masterapikey key ON key.id = entry.master_api_key_id WHERE entry.id = ANY (entries)
    $body$;
-- It runs as its owner, on tables that somebody else may put something in place of: never as a superuser, but as a role
-- that may read what is named here and nothing else. The tables' owner, where he is who runs this, has no more than himself.
DO $body$
BEGIN
    IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'flagsmith_audit_keys') THEN
            CREATE ROLE flagsmith_audit_keys NOLOGIN;
        END IF;
        REVOKE ALL ON ALL TABLES IN SCHEMA public FROM flagsmith_audit_keys;
        GRANT USAGE ON SCHEMA public TO flagsmith_audit_keys;
        GRANT SELECT (id, master_api_key_id) ON public.audit_auditlog TO flagsmith_audit_keys;
        GRANT SELECT (id, prefix, name) ON public.api_keys_masterapikey TO flagsmith_audit_keys;
        ALTER FUNCTION feature_flags_audit.api_keys(integer[]) OWNER TO flagsmith_audit_keys;
    END IF;
    IF EXISTS (SELECT FROM pg_catalog.pg_settings WHERE name = 'restrict_nonsystem_relation_kind') THEN
        ALTER FUNCTION feature_flags_audit.api_keys(integer[]) SET restrict_nonsystem_relation_kind = 'view, foreign-table';
    END IF;
END $body$;

-- How far the exporter is; only its role writes here. `relation` is the table's own number: a restore makes another one.
CREATE TABLE IF NOT EXISTS feature_flags_audit.cursor (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    relation bigint NOT NULL,
    last_id integer NOT NULL,
    last_created timestamptz,
    version bigint NOT NULL
);
-- Numbers below last_id that were not there: of entries that are being written, or never will be.
CREATE TABLE IF NOT EXISTS feature_flags_audit.gap (
    first_id integer PRIMARY KEY,
    last_id integer NOT NULL,
    noticed timestamptz NOT NULL,
    open_transactions bigint NOT NULL
);
-- Entries that the endpoint refuses; they are offered again until it takes them.
CREATE TABLE IF NOT EXISTS feature_flags_audit.refused (
    id integer PRIMARY KEY,
    answer text NOT NULL,
    tried timestamptz NOT NULL
);
REVOKE ALL ON SCHEMA feature_flags_audit FROM PUBLIC;
REVOKE ALL ON FUNCTION feature_flags_audit.api_keys(integer[]) FROM PUBLIC;
GRANT USAGE ON SCHEMA feature_flags_audit TO flagsmith_audit;
GRANT EXECUTE ON FUNCTION feature_flags_audit.api_keys(integer[]) TO flagsmith_audit;
GRANT SELECT, INSERT, UPDATE, DELETE ON feature_flags_audit.cursor, feature_flags_audit.gap, feature_flags_audit.refused
    TO flagsmith_audit;
