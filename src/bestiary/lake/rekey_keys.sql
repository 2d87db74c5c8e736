-- The ids in `given` -> both pseudonyms of each, and the new one beside it.
WITH pseudonyms AS (
    SELECT
        keyed_hash(getvariable('old_inner'), getvariable('old_outer'), id) AS old,
        keyed_hash(getvariable('new_inner'), getvariable('new_outer'), id) AS new
    FROM given
)

SELECT
    old AS user_id,
    new
FROM pseudonyms
UNION ALL
SELECT
    new AS user_id,
    new
FROM pseudonyms
