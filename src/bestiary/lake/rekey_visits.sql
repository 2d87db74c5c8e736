-- The visits of a month -> the same under the new pseudonyms, with their bucket. A session's key is made of its key
-- before, since nobody knows the session any more.
CREATE OR REPLACE TABLE moved AS
SELECT
    visits.* REPLACE ( -- noqa: AM04
        keys.new AS user_id,
        stable_key(keyed_hash(getvariable('new_inner'), getvariable('new_outer'), visits.session_key)) AS session_key
    ),
    stable_bucket_of_string(keys.new, {{ buckets }}) AS bucket
FROM read_parquet({{ files }}, hive_partitioning = FALSE) AS visits
INNER JOIN keys ON visits.user_id = keys.user_id
