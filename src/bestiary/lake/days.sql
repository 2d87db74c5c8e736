-- Every day from the first event until as_of with its events and purchases, and the median day's events. The first
-- thousandth of the events may have a wrong date, and begins no calendar.
WITH observed AS (
    SELECT
        cast(hour AS DATE) AS day,
        sum(views + carts + removals + purchases + refunds) AS events,
        sum(purchases) AS purchases
    FROM read_parquet({{ files }}, hive_partitioning = FALSE)
    WHERE hour < TIMESTAMP '{{ as_of }}'
    GROUP BY day
),

begun AS (
    SELECT
        day,
        sum(events) OVER (ORDER BY day) > sum(events) OVER () / 1000 AS certain
    FROM observed
),

calendar AS (
    SELECT cast(unnest(generate_series(min(day), DATE '{{ as_of }}' - INTERVAL 1 DAY, INTERVAL 1 DAY)) AS DATE) AS day
    FROM begun
    WHERE certain
),

days AS (
    SELECT
        calendar.day,
        coalesce(observed.events, 0) AS events,
        coalesce(observed.purchases, 0) AS purchases
    FROM calendar
    LEFT JOIN observed ON calendar.day = observed.day
)

SELECT
    cast(day AS VARCHAR) AS day,
    cast(events AS BIGINT) AS events,
    cast(purchases AS BIGINT) AS purchases,
    -- Days after the last event are gaps, but say nothing of what is usual.
    cast(median(events) FILTER (WHERE day <= (SELECT max(observed.day) FROM observed)) OVER () AS DOUBLE) AS usual
FROM days
ORDER BY day
