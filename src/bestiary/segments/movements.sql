-- From where to where each customer of either run went, by the segments in which they are settled: numbers of the run
-- before, and of this one. `origin` is what this run calls the segment of before; null where it calls nothing so.
CREATE OR REPLACE TEMP TABLE flows AS
{% if before %}
WITH earlier AS (
    SELECT
        user_id,
        settled
    FROM read_parquet({{ quote(before) }})
    WHERE settled IS NOT NULL
),

later AS (
    SELECT
        user_id,
        settled
    FROM placed
    WHERE settled IS NOT NULL
)

SELECT
    coalesce(earlier.user_id, later.user_id) AS user_id,
    earlier.settled AS "from",
    later.settled AS "to",
    DATE '{{ as_of }}' AS as_of,
    heirs.new AS origin
FROM earlier
FULL JOIN later ON earlier.user_id = later.user_id
LEFT JOIN heirs ON earlier.settled = heirs.old
{% else %}
SELECT
    user_id,
    cast(NULL AS INTEGER) AS "from",
    settled AS "to",
    DATE '{{ as_of }}' AS as_of,
    settled AS origin
FROM placed
WHERE FALSE
{% endif %}
