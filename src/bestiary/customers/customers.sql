-- One bucket of visits -> one row for each customer seen in the longest window. Every window ends before as_of;
-- `as_of` and the windows' starts are midnights, and a visit lies within one hour, so no visit straddles an edge.
WITH visits AS (
    SELECT *
    FROM read_parquet({{ files }}, hive_partitioning = FALSE)
    WHERE hour >= TIMESTAMP '{{ starts[-1] }}' AND hour < TIMESTAMP '{{ as_of }}'
),

sessions AS (
    -- Parts of a session in several hours or files meet here; it is in a window when its last hour is.
    SELECT
        user_id,
        session_key,
        max(hour) AS last_hour,
        bool_or(purchases > 0) AS purchased
    FROM visits
    GROUP BY user_id, session_key
),

session_counts AS (
    SELECT
        user_id,
        {% for months in windows %}
        count(*) FILTER (WHERE last_hour >= TIMESTAMP '{{ starts[loop.index0] }}') AS number_of_sessions_{{ months }}m,
        {% endfor %}
        count(*) FILTER (WHERE purchased) AS number_of_purchases
    FROM sessions
    GROUP BY user_id
),

activity AS (
    SELECT
        user_id,
        {% for months in windows %}
        cast(coalesce(sum(views) FILTER (WHERE hour >= TIMESTAMP '{{ starts[loop.index0] }}'), 0) AS BIGINT)
            AS number_of_views_{{ months }}m,
        cast(coalesce(sum(carts) FILTER (WHERE hour >= TIMESTAMP '{{ starts[loop.index0] }}'), 0) AS BIGINT)
            AS number_of_carts_{{ months }}m,
        cast(coalesce(sum(purchases) FILTER (WHERE hour >= TIMESTAMP '{{ starts[loop.index0] }}'), 0) AS BIGINT)
            AS count_products_{{ months }}m,
        {% endfor %}
        {% for daypart, first_hour, last_hour in dayparts %}
        coalesce(
            sum(views + carts + removals + purchases + refunds) FILTER (
                WHERE hour(hour) BETWEEN {{ first_hour }} AND {{ last_hour }}
            ),
            0
        ) AS {{ daypart }},
        {% endfor %}
        {% for day in weekdays %}
        coalesce(
            sum(views + carts + removals + purchases + refunds) FILTER (WHERE isodow(hour) = {{ loop.index }}), 0
        ) AS {{ day }},
        {% endfor %}
        sum(refunded) AS refunded,
        min(first_time) AS first_seen,
        max(last_time) AS last_seen,
        cast(sum(views + carts + removals + purchases + refunds) AS BIGINT) AS number_of_events
    FROM visits
    GROUP BY user_id
),

bought AS (
    SELECT
        user_id,
        -- A column for each field, named like it.
        unnest(bought, recursive := TRUE)  -- noqa: AL03
    FROM visits
    WHERE purchases > 0
),

purchases AS (
    SELECT
        user_id,
        {% for months in windows %}
        cast(sum(price) FILTER (WHERE time >= TIMESTAMP '{{ starts[loop.index0] }}') AS DOUBLE)
        / count(price) FILTER (WHERE time >= TIMESTAMP '{{ starts[loop.index0] }}') AS avg_price_{{ months }}m,
        {% endfor %}
        sum(price) AS spent,
        max(time) AS last_purchase
    FROM bought
    GROUP BY user_id
),

brands AS (
    SELECT
        user_id,
        brand,
        count(*) AS times,
        max(time) AS latest
    FROM bought
    WHERE brand IS NOT NULL
    GROUP BY user_id, brand
),

preferred_brands AS (
    SELECT
        user_id,
        brand
    FROM brands
    QUALIFY row_number() OVER (PARTITION BY user_id ORDER BY times DESC, latest DESC, brand ASC) = 1
),

categories AS (
    SELECT
        user_id,
        category_code,
        count(*) AS times,
        max(time) AS latest
    FROM bought
    WHERE category_code IS NOT NULL
    GROUP BY user_id, category_code
),

preferred_categories AS (
    SELECT
        user_id,
        category_code
    FROM categories
    QUALIFY row_number() OVER (PARTITION BY user_id ORDER BY times DESC, latest DESC, category_code ASC) = 1
)

SELECT
    activity.user_id,
    {% for months in windows %}
    activity.number_of_views_{{ months }}m,
    activity.number_of_carts_{{ months }}m,
    session_counts.number_of_sessions_{{ months }}m,
    activity.count_products_{{ months }}m,
    purchases.avg_price_{{ months }}m,
    {% endfor %}
    cast(purchases.last_purchase AS TIMESTAMP_NS) AS last_purchase,
    cast((epoch_us(TIMESTAMP '{{ as_of }}') - epoch_us(purchases.last_purchase)) // 86400000000 AS INTEGER)
        AS days_since_last_purchase,
    cast(coalesce(purchases.spent, 0) - activity.refunded AS DOUBLE) AS total_purchase_value,
    greatest(0, activity.number_of_carts_{{ windows[-1] }}m - activity.count_products_{{ windows[-1] }}m)
        AS cart_abandonments,
    preferred_brands.brand AS preferred_brand,
    preferred_categories.category_code AS preferred_category,
    -- Ties go to the earlier branch.
    CASE greatest(
        {% for daypart, _, _ in dayparts %}
        activity.{{ daypart }}{{ "," if not loop.last }}
        {% endfor %}
    )
        {% for daypart, _, _ in dayparts %}
        WHEN activity.{{ daypart }} THEN '{{ daypart }}'
        {% endfor %}
    END AS most_active_time,
    CASE greatest(
        {% for day in weekdays %}
        activity.{{ day }}{{ "," if not loop.last }}
        {% endfor %}
    )
        {% for day in weekdays %}
        WHEN activity.{{ day }} THEN '{{ day }}'
        {% endfor %}
    END AS most_active_day,
    session_counts.number_of_purchases AS number_of_purchases_{{ windows[-1] }}m,
    cast(activity.first_seen AS TIMESTAMP_NS) AS first_seen,
    cast(activity.last_seen AS TIMESTAMP_NS) AS last_seen,
    activity.number_of_events AS number_of_events_{{ windows[-1] }}m,
    CASE session_counts.number_of_purchases WHEN 0 THEN 'visitor' WHEN 1 THEN 'one_time' ELSE 'repeat' END AS lifecycle
FROM activity
INNER JOIN session_counts ON activity.user_id = session_counts.user_id
LEFT JOIN purchases ON activity.user_id = purchases.user_id
LEFT JOIN preferred_brands ON activity.user_id = preferred_brands.user_id
LEFT JOIN preferred_categories ON activity.user_id = preferred_categories.user_id
