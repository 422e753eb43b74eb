-- What is in a database, a line for each thing: its kind, its name, how many rows it has, and a checksum. For
-- move-database.sh: two databases with the same lines hold the same.
--
-- A materialized view is filled anew from its tables: its definition counts. The order of rows and the place of a row count for nothing. Rows are read by the output functions of their types, in one
-- form of dates and bytes; `format` uses no cast, which the application could have made.
\set ON_ERROR_STOP on
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL search_path = pg_catalog, pg_temp;
SET LOCAL statement_timeout = 0;
SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL intervalstyle = 'postgres';
SET LOCAL bytea_output = 'hex';
SET LOCAL extra_float_digits = 3;
SET LOCAL lc_monetary = 'C';
\pset fieldsep '\t'
SELECT format($q$SELECT 'table', %L, count(*), coalesce(sum(('x' || substr(sum, 1, 16))::bit(64)::bigint::numeric), 0)
        || ' ' || coalesce(sum(('x' || substr(sum, 17, 16))::bit(64)::bigint::numeric), 0)
    FROM (SELECT md5(format('%%s', t)) AS sum FROM ONLY %s t) rows$q$, c.oid::regclass, c.oid::regclass)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname NOT IN ('information_schema', 'feature_flags_audit')
    AND n.nspname !~ '^pg_'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
\gexec
SELECT format($q$SELECT 'sequence', %L, last_value, is_called::text FROM %s$q$, c.oid::regclass, c.oid::regclass)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'S' AND n.nspname NOT IN ('information_schema', 'feature_flags_audit') AND n.nspname !~ '^pg_'
\gexec
SELECT 'large object', oid, length(lo_get(oid)), md5(lo_get(oid)) FROM pg_largeobject_metadata;
SELECT 'extension', extname, 1, '' FROM pg_extension WHERE extname <> 'pg_stat_statements';
SELECT kind, name, 1, md5(text) FROM (
    SELECT 'index' AS kind, i.indexrelid::regclass::text AS name, i.indrelid AS relation,
        pg_get_indexdef(i.indexrelid) || i.indisvalid AS text FROM pg_index i
    UNION ALL SELECT 'constraint', format('%s of %s', o.conname, o.conrelid::regclass), o.conrelid,
        pg_get_constraintdef(o.oid) || o.convalidated FROM pg_constraint o
        -- Of PostgreSQL 18 on, each column that is not null has one; the columns say so in any version.
        WHERE o.conrelid <> 0 AND o.contype <> 'n'
    UNION ALL SELECT 'trigger', format('%s of %s', t.tgname, t.tgrelid::regclass), t.tgrelid,
        pg_get_triggerdef(t.oid) || t.tgenabled::text FROM pg_trigger t WHERE NOT t.tgisinternal
    UNION ALL SELECT 'column', format('%s.%s', a.attrelid::regclass, a.attname), a.attrelid,
        format_type(a.atttypid, a.atttypmod) || a.attnotnull || a.attidentity::text || a.attgenerated::text
        || coalesce((SELECT l.collname FROM pg_collation l WHERE l.oid = a.attcollation), '')
        || coalesce((SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d
            WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum), '')
        FROM pg_attribute a WHERE a.attnum > 0 AND NOT a.attisdropped
    -- To put PostgreSQL's own views into words takes longer than all the rest.
    UNION ALL SELECT 'view', c.oid::regclass::text, c.oid, pg_get_viewdef(c.oid) FROM pg_class c
        WHERE c.relkind IN ('v', 'm') AND c.oid >= 16384
) found JOIN pg_class c ON c.oid = relation JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname NOT IN ('information_schema', 'feature_flags_audit') AND n.nspname !~ '^pg_'
    AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e');
SELECT 'type', format('%s.%s', n.nspname, t.typname), 1,
    md5(coalesce((SELECT string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid), ''))
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype IN ('e', 'd', 'r') AND n.nspname NOT IN ('information_schema', 'feature_flags_audit') AND n.nspname !~ '^pg_'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e');
COMMIT;
