-- The refused rows of one source -> the same under the new pseudonyms. The text of a row names its customer, by the
-- pseudonym, and nobody else.
SELECT
    refused.* REPLACE ( -- noqa: AM04
        CASE WHEN refused.user_id IS NULL THEN refused.raw ELSE replace(refused.raw, refused.user_id, keys.new) END
            AS raw,
        keys.new AS user_id,
        stable_key(keyed_hash(getvariable('new_inner'), getvariable('new_outer'), refused.session_key)) AS session_key
    )
FROM read_parquet({{ files }}, hive_partitioning = FALSE) AS refused
LEFT JOIN keys ON refused.user_id = keys.user_id
