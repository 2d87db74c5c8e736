-- From where to where each customer of either run went, by the segments in which they are settled: numbers of the run
-- before, and of this one. `origin` is what this run calls the segment of before; null where it calls nothing so.
-- `kind` tells who is new from who was there and had no segment, and who lapsed from who lost it.
CREATE OR REPLACE TEMP TABLE flows AS
{% if before %}
WITH earlier AS (
    SELECT
        user_id,
        settled
    FROM read_parquet({{ quote(before) }})
),

later AS (
    SELECT
        user_id,
        settled
    FROM placed
)

SELECT
    coalesce(earlier.user_id, later.user_id) AS user_id,
    earlier.settled AS "from",
    later.settled AS "to",
    DATE '{{ as_of }}' AS as_of,
    CASE
        WHEN earlier.user_id IS NULL THEN 'new'
        WHEN later.user_id IS NULL THEN 'lapsed'
        WHEN earlier.settled IS NULL THEN 'placed'
        WHEN later.settled IS NULL THEN 'too early'
        ELSE 'moved'
    END AS kind,
    heirs.new AS origin
FROM earlier
FULL JOIN later ON earlier.user_id = later.user_id
LEFT JOIN heirs ON earlier.settled = heirs.old
WHERE earlier.settled IS NOT NULL OR later.settled IS NOT NULL
{% else %}
SELECT
    user_id,
    cast(NULL AS INTEGER) AS "from",
    settled AS "to",
    DATE '{{ as_of }}' AS as_of,
    cast(NULL AS VARCHAR) AS kind,
    settled AS origin
FROM placed
WHERE FALSE
{% endif %}
