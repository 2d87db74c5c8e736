-- What the visits of one bucket that are about to be committed share with those of the lake, within a span of time.
WITH arriving AS (
    SELECT
        *,
        views + carts + removals + purchases + refunds AS events
    FROM read_parquet({{ arriving }}, hive_partitioning = FALSE)
    WHERE last_time >= TIMESTAMP '{{ first }}' AND first_time <= TIMESTAMP '{{ last }}'
),

held AS (
    SELECT *
    FROM read_parquet({{ held }}, hive_partitioning = FALSE)
    WHERE last_time >= TIMESTAMP '{{ first }}' AND first_time <= TIMESTAMP '{{ last }}'
),

shared AS (
    SELECT arriving.*
    FROM arriving
    SEMI JOIN held ON arriving.user_id = held.user_id AND arriving.session_key = held.session_key
),

sessions AS (
    SELECT DISTINCT
        user_id,
        session_key
    FROM shared
),

identical AS (
    SELECT count(*) AS visits
    FROM shared
    SEMI JOIN held
        ON
            shared.user_id = held.user_id
            AND shared.session_key = held.session_key
            AND shared.hour = held.hour
            AND shared.first_time = held.first_time
            AND shared.last_time = held.last_time
            AND shared.views = held.views
            AND shared.carts = held.carts
            AND shared.removals = held.removals
            AND shared.purchases = held.purchases
            AND shared.refunds = held.refunds
            AND shared.viewed_value = held.viewed_value
            AND shared.viewed_prices = held.viewed_prices
            AND shared.refunded = held.refunded
            AND shared.bought = held.bought
)

SELECT
    (SELECT count(*) FROM sessions) AS sessions,
    count(*) AS visits,
    cast(coalesce(sum(events), 0) AS BIGINT) AS events,
    (SELECT identical.visits FROM identical) AS identical_visits
FROM shared
