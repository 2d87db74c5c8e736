-- The last event's time, and the first hour by which 99.9 % of all events have happened.
WITH hours AS (
    SELECT
        hour,
        max(last_time) AS last_time,
        sum(views + carts + removals + purchases + refunds) AS events
    FROM read_parquet({{ files }}, hive_partitioning = FALSE)
    GROUP BY hour
),

running AS (
    SELECT
        *,
        sum(events) OVER (ORDER BY hour ASC) AS so_far,
        sum(events) OVER () AS all_events
    FROM hours
)

SELECT
    max(last_time) AS last_time,
    min(hour) FILTER (WHERE so_far >= 0.999 * all_events) AS nearly_last
FROM running
