-- Some buckets of visits and everyone's segment -> how many different customers of each segment came in each hour of
-- week (`slot` 0 is Monday at midnight), and how many of all came on each day.
WITH seen AS (
    SELECT DISTINCT
        user_id,
        hour
    FROM read_parquet({{ files }}, hive_partitioning = FALSE)
    WHERE hour >= TIMESTAMP '{{ start }}' AND hour < TIMESTAMP '{{ as_of }}'
),

slots AS (
    SELECT DISTINCT
        seen.user_id,
        labels.segment,
        (isodow(seen.hour) - 1) * 24 + hour(seen.hour) AS slot
    FROM seen
    INNER JOIN read_parquet({{ labels }}) AS labels ON seen.user_id = labels.user_id
    WHERE labels.segment IS NOT NULL
),

days AS (
    SELECT DISTINCT
        user_id,
        cast(hour AS DATE) AS day
    FROM seen
)

SELECT
    segment,
    slot,
    cast(NULL AS VARCHAR) AS day,
    count(*) AS customers
FROM slots
GROUP BY segment, slot
UNION ALL
SELECT
    cast(NULL AS INTEGER) AS segment,
    cast(NULL AS BIGINT) AS slot,
    cast(day AS VARCHAR) AS day,
    count(*) AS customers
FROM days
GROUP BY day
