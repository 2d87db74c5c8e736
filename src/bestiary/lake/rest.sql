-- The visits of one part without those of people who are to go, in their order.
SELECT visits.* -- noqa: AM04
FROM read_parquet({{ files }}, hive_partitioning = FALSE) AS visits
ANTI JOIN read_parquet({{ people }}) AS people
    ON visits.user_id = people.user_id AND coalesce(visits.first_time <= people.until, TRUE)
