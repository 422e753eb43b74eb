-- What the role flagsmith_analytics may read: the columns that the flag metrics are made from, and no more.
-- No values of flags, no server-side keys, no arguments of tasks, no users of Flagsmith.
-- Run as superuser in Flagsmith's database, after each migration; it takes back what an earlier version granted.
-- A column that the release of Flagsmith does not have is left out, and a table that came with a late one.
-- The database's owner may have functions, and a search path for everybody, that are not PostgreSQL's.
SET search_path = pg_catalog, pg_temp;
DO $$
DECLARE
    wanted CONSTANT text[][] := ARRAY[
        ['app_analytics_featureevaluationraw',
            'id, feature_name, environment_id, evaluation_count, created_at, identity_identifier, '
            'enabled_when_evaluated'],
        ['environments_environment',
            'id, name, project_id, deleted_at, api_key, use_v2_feature_versioning, use_mv_v2_evaluation'],
        ['environments_identity', 'id, identifier, environment_id, system_traits'],
        ['environments_trait',
            'identity_id, trait_key, value_type, boolean_value, integer_value, float_value, string_value'],
        ['feature_versioning_environmentfeatureversion',
            'uuid, environment_id, feature_id, deleted_at, published_at, live_from'],
        ['features_feature', 'id, name, project_id, deleted_at, is_archived'],
        ['features_feature_tags', 'feature_id, tag_id'],
        ['features_featuresegment', 'id, segment_id, priority'],
        ['features_featurestate', 'id, environment_id, feature_id, identity_id, feature_segment_id, '
            'environment_feature_version_id, enabled, live_from, version, deleted_at'],
        ['multivariate_multivariatefeatureoption', 'id, key'],
        ['multivariate_multivariatefeaturestatevalue',
            'id, feature_state_id, multivariate_feature_option_id, percentage_allocation'],
        ['projects_project', 'id, name, deleted_at'],
        ['segments_condition', 'id, rule_id, operator, property, value, deleted_at'],
        ['segments_segment', 'id, name, project_id, version_of_id, deleted_at'],
        ['segments_segmentrule', 'id, type, rule_id, segment_id, deleted_at'],
        ['tags_tag', 'id, label'],
        ['task_processor_recurringtask',
            'id, task_identifier, is_locked, locked_at, is_disabled, num_consecutive_failures'],
        ['task_processor_recurringtaskrun', 'id, task_id, started_at, result'],
        ['task_processor_task',
            'id, task_identifier, scheduled_for, is_locked, timeout, completed, num_failures'],
        ['task_processor_taskrun', 'id, task_id, started_at, result']
    ];
    newer CONSTANT text[][] := ARRAY[
        ['experimentation_experiment', 'id, environment_id, feature_id, deleted_at'],
        ['experimentation_experimentexposures', 'experiment_id, payload']
    ];
    entry text[];
    columns text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'flagsmith_analytics') THEN
        RAISE EXCEPTION 'the role flagsmith_analytics does not exist: make it before its grants';
    END IF;
    REVOKE ALL ON ALL TABLES IN SCHEMA public FROM flagsmith_analytics;
    GRANT USAGE ON SCHEMA public TO flagsmith_analytics;
    FOREACH entry SLICE 1 IN ARRAY wanted || newer LOOP
        SELECT pg_catalog.string_agg(pg_catalog.quote_ident(attname), ', ') INTO columns FROM pg_catalog.pg_attribute
        WHERE attrelid = pg_catalog.to_regclass('public.' || entry[1]) AND attnum > 0 AND NOT attisdropped
            AND attname = ANY (pg_catalog.string_to_array(entry[2], ', '));
        CONTINUE WHEN columns IS NULL AND ARRAY[entry] <@ newer;
        IF columns IS NULL THEN
            RAISE EXCEPTION 'the table % is missing: migrate the database before the grants', entry[1];
        END IF;
        EXECUTE pg_catalog.format('GRANT SELECT (%s) ON public.%I TO flagsmith_analytics', columns, entry[1]);
    END LOOP;
END
$$;
