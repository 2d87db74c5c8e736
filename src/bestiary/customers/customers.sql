-- Some buckets of visits -> one row for each customer seen in the longest window. Every window ends before as_of;
-- `as_of` and the windows' starts are midnights, and a visit lies within one hour, so no visit straddles an edge.
{% macro within(start, time) %}
{% if start != starts[-1] %} FILTER (WHERE {{ time }} >= TIMESTAMP '{{ start }}'){% endif %}
{% endmacro %}
WITH visits AS (
    SELECT
        *,
        views + carts + removals + purchases + refunds AS events,
        hour(hour) AS hour_of_day,
        isodow(hour) AS day_of_week
    FROM read_parquet({{ files }}, hive_partitioning = FALSE)
    WHERE
        hour >= TIMESTAMP '{{ starts[-1] }}' AND hour < TIMESTAMP '{{ as_of }}'
        {% if left_out %}
        AND user_id NOT IN {{ left_out }}
        {% endif %}
),

sessions AS (
    -- Parts of a session in several hours or files meet here; it is in a window when its last hour is.
    SELECT
        user_id,
        session_key,
        max(hour) AS last_hour,
        max(purchases) AS purchases
    FROM visits
    GROUP BY user_id, session_key
),

session_counts AS (
    SELECT
        user_id,
        {% for months in windows %}
        count(*){{ within(starts[loop.index0], "last_hour") }} AS number_of_sessions_{{ months }}m,
        {% endfor %}
        count(*) FILTER (WHERE purchases > 0) AS number_of_purchases
    FROM sessions
    GROUP BY user_id
),

activity AS (
    SELECT
        user_id,
        {% for months in windows %}
        {% set start = starts[loop.index0] %}
        {% for kind in ("views", "carts", "purchases") %}
        cast(coalesce(sum({{ kind }}){{ within(start, "hour") }}, 0) AS BIGINT) AS {{ kind }}_{{ months }}m,
        {% endfor %}
        {% endfor %}
        -- A case costs half of what a filter does.
        {% for daypart, first_hour, last_hour in dayparts %}
        cast(
            sum(CASE WHEN hour_of_day BETWEEN {{ first_hour }} AND {{ last_hour }} THEN events ELSE 0 END) AS BIGINT
        ) AS {{ daypart }},
        {% endfor %}
        {% for day in weekdays %}
        cast(sum(CASE WHEN day_of_week = {{ loop.index }} THEN events ELSE 0 END) AS BIGINT) AS {{ day }},
        {% endfor %}
        sum(refunded) AS refunded,
        sum(viewed_value) AS viewed_value,
        sum(viewed_prices) AS viewed_prices,
        min(first_time) AS first_seen,
        max(last_time) AS last_seen,
        cast(sum(events) AS BIGINT) AS events
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

spending AS (
    SELECT
        user_id,
        {% for months in windows %}
        cast(sum(price){{ within(starts[loop.index0], "time") }} AS DOUBLE)
        / count(price){{ within(starts[loop.index0], "time") }} AS avg_price_{{ months }}m,
        {% endfor %}
        sum(price) AS spent,
        max(time) AS last_purchase
    FROM bought
    GROUP BY user_id
),

{% for column in ("brand", "category_code") %}
{{ column }}_counts AS (
    SELECT
        user_id,
        {{ column }},
        count(*) AS times,
        max(time) AS latest
    FROM bought
    WHERE {{ column }} IS NOT NULL
    GROUP BY user_id, {{ column }}
),

preferred_{{ column }} AS (
    SELECT
        user_id,
        {{ column }}
    FROM {{ column }}_counts
    QUALIFY row_number() OVER (PARTITION BY user_id ORDER BY times DESC, latest DESC, {{ column }} ASC) = 1
),

{% endfor %}
buyers AS (
    SELECT
        spending.*,
        preferred_brand.brand,
        preferred_category_code.category_code
    FROM spending
    LEFT JOIN preferred_brand ON spending.user_id = preferred_brand.user_id
    LEFT JOIN preferred_category_code ON spending.user_id = preferred_category_code.user_id
)

SELECT
    activity.user_id,
    {% for months in windows %}
    activity.views_{{ months }}m AS number_of_views_{{ months }}m,
    activity.carts_{{ months }}m AS number_of_carts_{{ months }}m,
    session_counts.number_of_sessions_{{ months }}m,
    activity.purchases_{{ months }}m AS count_products_{{ months }}m,
    buyers.avg_price_{{ months }}m,
    {% endfor %}
    cast(buyers.last_purchase AS TIMESTAMP_NS) AS last_purchase,
    cast((epoch_us(TIMESTAMP '{{ as_of }}') - epoch_us(buyers.last_purchase)) // 86400000000 AS INTEGER)
        AS days_since_last_purchase,
    cast(coalesce(buyers.spent, 0) - activity.refunded AS DOUBLE) AS total_purchase_value,
    greatest(0, activity.carts_{{ windows[-1] }}m - activity.purchases_{{ windows[-1] }}m) AS cart_abandonments,
    buyers.brand AS preferred_brand,
    buyers.category_code AS preferred_category,
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
    activity.events AS number_of_events_{{ windows[-1] }}m,
    CASE session_counts.number_of_purchases WHEN 0 THEN 'visitor' WHEN 1 THEN 'one_time' ELSE 'repeat' END AS lifecycle,
    cast((epoch_us(TIMESTAMP '{{ as_of }}') - epoch_us(activity.last_seen)) // 86400000000 AS INTEGER)
        AS days_since_last_visit,
    cast(activity.viewed_value AS DOUBLE) / nullif(activity.viewed_prices, 0)
        AS avg_price_viewed_{{ windows[-1] }}m
FROM activity
INNER JOIN session_counts ON activity.user_id = session_counts.user_id
LEFT JOIN buyers ON activity.user_id = buyers.user_id
