-- The events that are ripe, duplicates removed -> visits: a row for each customer, session and hour.
WITH visits AS (
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
        -- The case spares all other events the making of a struct.
        list(CASE WHEN event_type = 'purchase' THEN {
            'time': wall_time,
            'product_id': product,
            'category_id': category,
            'category_code': category_code,
            'brand': brand,
            'price': cast(amount AS DECIMAL(18, 6))
        } END) FILTER (WHERE event_type = 'purchase') AS bought
    FROM events
    WHERE usable AND {{ ripe }}
    GROUP BY customer, user_session, hour
),

known AS (
    -- From here on, where the store holds pseudonyms, nobody is known by anything else.
    SELECT
        *
        {% if door.key %}
        REPLACE (pseudonym(user_id) AS user_id, pseudonym(user_session) AS user_session)
        {% endif %}
    FROM visits
)

SELECT
    * EXCLUDE (user_session) REPLACE (list_sort(coalesce(bought, [])) AS bought),
    -- Without a session, customer and hour make the visit.
    stable_key(coalesce(user_session, concat(user_id, ' @ ', hour))) AS session_key,
    strftime(hour, '%Y-%m') AS month,
    stable_bucket_of_{{ stored_kinds.user_id }}(user_id, {{ buckets }}) AS bucket
FROM known
