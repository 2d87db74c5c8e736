-- One source file of events -> the records that are refused, with number, raw text and reason. Only run when the
-- visits do not account for every record; `parsed` says that the columns could be told apart.
{% include "judged.sql" %}

SELECT
    number,
    raw_text AS raw,
    CASE
        WHEN fault IS NOT NULL THEN fault
        WHEN event_time IS NULL THEN 'missing_event_time'
        WHEN wall_time IS NULL THEN 'bad_event_time'
        WHEN wall_time > TIMESTAMP {{ quote(clock) }} THEN 'time_in_the_future'
        WHEN wall_time < TIMESTAMP '1990-01-01' THEN 'time_before_1990'
        WHEN event_type IS NULL THEN 'missing_event_type'
        WHEN kind IS NULL THEN 'unknown_event_type'
        WHEN product_id IS NULL THEN 'missing_product_id'
        WHEN product IS NULL THEN 'bad_product_id'
        WHEN category_id IS NOT NULL AND category IS NULL THEN 'bad_category_id'
        WHEN user_id IS NULL THEN 'missing_user_id'
        WHEN customer IS NULL THEN 'bad_user_id'
        WHEN amount IS NULL OR isnan(amount) THEN 'bad_price'
        WHEN isinf(amount) THEN 'infinite_price'
        WHEN amount < 0 THEN 'negative_price'
        ELSE 'price_too_large'
    END AS reason,
    {% for name in contract %}
    {{ name }} IS NULL AS missing_{{ name }},
    {% endfor %}
    coalesce(amount = 0, FALSE) AS zero_price,
    fault IS NULL AS parsed
FROM judged
WHERE NOT usable
