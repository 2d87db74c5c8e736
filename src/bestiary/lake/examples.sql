-- The first rows that were refused for each reason, the most frequent reason first.
WITH numbered AS (
    SELECT
        source,
        number,
        reason,
        raw,
        count(*) OVER (PARTITION BY reason) AS times,
        row_number() OVER (PARTITION BY reason ORDER BY source, number, raw) AS place
    FROM read_parquet({{ files }}, hive_partitioning = FALSE)
)

SELECT
    source,
    number,
    reason,
    raw
FROM numbered
WHERE place <= {{ each }}
ORDER BY times DESC, reason ASC, place ASC
