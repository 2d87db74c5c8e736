-- Days from the first event until as_of without purchases, or with under a fifth of the median day's events.
WITH observed AS (
    SELECT
        cast(hour AS DATE) AS day,
        sum(views + carts + removals + purchases + refunds) AS events,
        sum(purchases) AS purchases
    FROM read_parquet({{ files }}, hive_partitioning = FALSE)
    WHERE hour < TIMESTAMP '{{ as_of }}'
    GROUP BY day
),

calendar AS (
    SELECT cast(unnest(generate_series(min(day), DATE '{{ as_of }}' - INTERVAL 1 DAY, INTERVAL 1 DAY)) AS DATE) AS day
    FROM observed
),

days AS (
    SELECT
        calendar.day,
        coalesce(observed.events, 0) AS events,
        coalesce(observed.purchases, 0) AS purchases
    FROM calendar
    LEFT JOIN observed ON calendar.day = observed.day
),

judged AS (
    SELECT
        *,
        -- Days after the last event are gaps, but say nothing of what is usual.
        median(events) FILTER (WHERE day <= (SELECT max(observed.day) FROM observed)) OVER () AS usual
    FROM days
)

SELECT
    cast(day AS VARCHAR) AS day,
    unnest(list_filter(
        [
            CASE WHEN events < usual / 5 THEN 'few_events' END,
            CASE WHEN purchases = 0 THEN 'no_purchases' END
        ],
        LAMBDA kind: kind IS NOT NULL
    )) AS kind,
    cast(events AS BIGINT) AS events,
    cast(usual AS DOUBLE) AS usual
FROM judged
ORDER BY day, kind
