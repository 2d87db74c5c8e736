-- Codes of a block of events -> the nine columns of the contract, in the same order.
SELECT
    {% if text %}
    strftime(TIMESTAMP {{ quote(start) }} + to_seconds(second), '%Y-%m-%d %H:%M:%S UTC') AS event_time,
    {% else %}
    TIMESTAMP {{ quote(start) }} + to_seconds(second) AS event_time,
    {% endif %}
    CASE kind WHEN 0 THEN 'view' WHEN 1 THEN 'cart' ELSE 'purchase' END AS event_type,
    product AS product_id,
    getvariable('category_ids')[category + 1] AS category_id,
    getvariable('category_codes')[category + 1] AS category_code,
    getvariable('brands')[brand + 1] AS brand,
    {% if text %}
    cast(cents / 100 AS DECIMAL(9, 2)) AS price,
    {% else %}
    cents / 100 AS price,
    {% endif %}
    user_id,
    CASE WHEN low > 0 THEN cast(cast((cast(high AS UHUGEINT) << 64) + low AS UUID) AS VARCHAR) END AS user_session
FROM block
