-- One source file of events -> visits: a row for each customer, session and hour.
-- `copies` and the `missing_*` columns count rows before duplicates are removed; they stay out of the lake.
{% include "judged.sql" %},

events AS (
    -- Exact duplicates: all nine columns equal after parsing, nulls equal. When clocks go back, one wall time is
    -- two instants, an hour apart.
    SELECT
        wall_time,
        {% if time_zone != "UTC" %}
        instant,
        {% endif %}
        event_type,
        product,
        category,
        {{ read.category_code }}(category_code) AS category_code,
        {{ read.brand }}(brand) AS brand,
        amount,
        customer,
        {{ read.user_session }}(user_session) AS user_session,
        count(*) FILTER (WHERE usable) AS copies
    FROM judged
    GROUP BY ALL
    HAVING copies > 0
),

visits AS (
    SELECT
        customer AS user_id,
        user_session,
        date_trunc('hour', wall_time) AS hour,
        min(wall_time) AS first_time,
        max(wall_time) AS last_time,
        cast(count(*) FILTER (WHERE event_type = 'view') AS INTEGER) AS views,
        cast(count(*) FILTER (WHERE event_type = 'cart') AS INTEGER) AS carts,
        cast(count(*) FILTER (WHERE event_type = 'remove_from_cart') AS INTEGER) AS removals,
        cast(count(*) FILTER (WHERE event_type = 'purchase') AS INTEGER) AS purchases,
        cast(count(*) FILTER (WHERE event_type = 'refund') AS INTEGER) AS refunds,
        -- A price of 0 on anything but a purchase is an unknown price.
        cast(
            coalesce(sum(cast(amount AS DECIMAL(18, 6))) FILTER (WHERE event_type = 'view' AND amount > 0), 0)
            AS DECIMAL(38, 6)
        ) AS viewed_value,
        cast(count(*) FILTER (WHERE event_type = 'view' AND amount > 0) AS INTEGER) AS viewed_prices,
        cast(
            coalesce(sum(cast(amount AS DECIMAL(18, 6))) FILTER (WHERE event_type = 'refund'), 0)
            AS DECIMAL(38, 6)
        ) AS refunded,
        list_sort(coalesce(list({
            'time': wall_time,
            'product_id': product,
            'category_id': category,
            'category_code': category_code,
            'brand': brand,
            'price': cast(amount AS DECIMAL(18, 6))
        }) FILTER (WHERE event_type = 'purchase'), [])) AS bought,
        sum(copies) AS copies,
        {% for type in event_types %}
        sum(copies) FILTER (WHERE event_type = '{{ type }}') AS read_{{ type }},
        {% endfor %}
        sum(copies) FILTER (WHERE category IS NULL) AS missing_category_id,
        sum(copies) FILTER (WHERE category_code IS NULL) AS missing_category_code,
        sum(copies) FILTER (WHERE brand IS NULL) AS missing_brand,
        sum(copies) FILTER (WHERE amount IS NULL) AS missing_price,
        sum(copies) FILTER (WHERE user_session IS NULL) AS missing_user_session,
        sum(copies) FILTER (WHERE amount = 0) AS zero_price
    FROM events
    GROUP BY customer, user_session, hour
)

SELECT
    * EXCLUDE (user_session),
    -- Without a session, customer and hour make the visit.
    stable_key(coalesce(user_session, concat(user_id, ' @ ', hour))) AS session_key,
    strftime(hour, '%Y-%m') AS month,
    stable_bucket(cast(user_id AS VARCHAR), {{ buckets }}) AS bucket
FROM visits
