-- The first rows that were refused, in the order of files and lines; of one reason, or of all where it is null.
SELECT
    source,
    number,
    reason,
    raw
FROM read_parquet({{ files }}, hive_partitioning = FALSE)
WHERE reason = coalesce(getvariable('reason'), reason)
ORDER BY source, number, raw
LIMIT getvariable('at_most')
