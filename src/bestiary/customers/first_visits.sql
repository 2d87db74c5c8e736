-- Some buckets of visits -> for each customer and each of some numbers n, what the first n visits tell: a row for each
-- n up to the number of the customer's visits in [start, as_of), which are midnights.
WITH visits AS (
    SELECT
        *,
        views + carts + removals + purchases + refunds AS events
    FROM read_parquet({{ files }}, hive_partitioning = FALSE)
    WHERE
        hour >= TIMESTAMP '{{ start }}' AND hour < TIMESTAMP '{{ as_of }}'
        {% if left_out %}
        AND user_id NOT IN {{ left_out }}
        {% endif %}
),

bought AS (
    SELECT
        user_id,
        session_key,
        unnest(bought, recursive := TRUE)  -- noqa: AL03
    FROM visits
    WHERE purchases > 0
),

spending AS (
    SELECT
        user_id,
        session_key,
        sum(price) AS spent,
        max(time) AS last_purchase
    FROM bought
    GROUP BY user_id, session_key
),

sessions AS (
    -- Parts of a session in several hours or files meet here and are one visit.
    SELECT
        user_id,
        session_key,
        min(first_time) AS first_time,
        max(last_time) AS last_time,
        sum(carts) AS carts,
        sum(purchases) AS purchases,
        sum(refunded) AS refunded,
        sum(viewed_value) AS viewed_value,
        sum(viewed_prices) AS viewed_prices,
        sum(events) AS events
    FROM visits
    GROUP BY user_id, session_key
),

first_ones AS (
    SELECT
        sessions.user_id,
        row_number() OVER so_far AS n,
        count(*) OVER (PARTITION BY sessions.user_id) AS visits,
        max(spending.last_purchase) OVER so_far AS last_purchase,
        count(*) FILTER (WHERE sessions.purchases > 0) OVER so_far AS purchases,
        coalesce(sum(spending.spent) OVER so_far, 0) - sum(sessions.refunded) OVER so_far AS net,
        max(sessions.last_time) OVER so_far AS last_seen,
        sum(sessions.carts) OVER so_far AS carts,
        sum(sessions.viewed_value) OVER so_far AS viewed_value,
        sum(sessions.viewed_prices) OVER so_far AS viewed_prices,
        sum(sessions.events) OVER so_far AS events
    FROM sessions
    LEFT JOIN spending
        ON sessions.user_id = spending.user_id AND sessions.session_key = spending.session_key
    WINDOW so_far AS (
        PARTITION BY sessions.user_id
        ORDER BY sessions.first_time, sessions.session_key
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
)

{% set longest = windows[-1] %}
SELECT
    user_id,
    cast(n AS INTEGER) AS n,
    visits,
    cast((epoch_us(TIMESTAMP '{{ as_of }}') - epoch_us(last_purchase)) // 86400000000 AS INTEGER)
        AS days_since_last_purchase,
    purchases AS number_of_purchases_{{ longest }}m,
    cast(net AS DOUBLE) AS total_purchase_value,
    cast((epoch_us(TIMESTAMP '{{ as_of }}') - epoch_us(last_seen)) // 86400000000 AS INTEGER)
        AS days_since_last_visit,
    n AS number_of_sessions_{{ longest }}m,
    cast(carts AS BIGINT) AS number_of_carts_{{ longest }}m,
    cast(viewed_value AS DOUBLE) / nullif(viewed_prices, 0) AS avg_price_viewed_{{ longest }}m,
    cast(events AS BIGINT) AS number_of_events_{{ longest }}m
FROM first_ones
WHERE n IN ({{ counts | join(", ") }})
