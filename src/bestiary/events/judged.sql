{# Each record read by the contract, with the reason why it is refused, or null. #}
WITH
{% include "raw.sql" %},

typed AS (
    SELECT
        *,
        {% if time_zone == "UTC" %}
        {{ read.event_time }}(event_time) AS wall_time,
        {% else %}
        {{ read.event_time }}(event_time) AS instant,
        timezone({{ quote(time_zone) }}, {{ read.event_time }}(event_time) AT TIME ZONE 'UTC') AS wall_time,
        {% endif %}
        {{ read.product_id }}(product_id) AS product,
        {{ read.category_id }}(category_id) AS category,
        {{ read.price }}(price) AS amount,
        {{ read.user_id }}(user_id) AS customer
    FROM raw
),

judged AS (
    SELECT
        *,
        CASE
            WHEN fault IS NOT NULL THEN fault
            WHEN event_time IS NULL THEN 'missing_event_time'
            WHEN wall_time IS NULL THEN 'bad_event_time'
            WHEN wall_time > TIMESTAMP {{ quote(clock) }} THEN 'time_in_the_future'
            WHEN wall_time < TIMESTAMP '1990-01-01' THEN 'time_before_1990'
            WHEN event_type IS NULL THEN 'missing_event_type'
            WHEN event_type NOT IN ('view', 'cart', 'remove_from_cart', 'purchase', 'refund') THEN 'unknown_event_type'
            WHEN product_id IS NULL THEN 'missing_product_id'
            WHEN product IS NULL THEN 'bad_product_id'
            WHEN category_id IS NOT NULL AND category IS NULL THEN 'bad_category_id'
            WHEN user_id IS NULL THEN 'missing_user_id'
            WHEN customer IS NULL THEN 'bad_user_id'
            WHEN price IS NOT NULL AND (amount IS NULL OR isnan(amount)) THEN 'bad_price'
            WHEN isinf(amount) THEN 'infinite_price'
            WHEN amount < 0 THEN 'negative_price'
            WHEN amount >= 1e12 THEN 'price_too_large'
        END AS reason
    FROM typed
)
