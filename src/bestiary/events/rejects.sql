-- One source file of events -> the records that are refused, with number, raw text and reason. Only run when the
-- visits do not account for every record; `parsed` says that the columns could be told apart.
{% include "judged.sql" %}

SELECT
    number,
    {% if door.key %}
    -- Of a row that cannot be told apart, or whose customer cannot be read, no text is kept: the id may be anywhere.
    CASE
        WHEN fault IS NULL AND customer IS NOT NULL
            THEN cast(json_object(
                {% for name in contract if name not in ("user_id", "user_session") %}
                '{{ name }}',
                CASE
                    WHEN NOT contains(cast({{ name }} AS VARCHAR), cast(customer AS VARCHAR))
                        THEN cast({{ name }} AS VARCHAR)
                END,
                {% endfor %}
                'user_id', pseudonym(customer)
            ) AS VARCHAR)
    END AS raw,
    {% else %}
    {{ "CASE WHEN NOT names_excluded(raw_text) THEN raw_text END" if door.excludes else "raw_text" }} AS raw,
    {% endif %}
    {{ "pseudonym(customer)" if door.key else "customer" }} AS user_id,
    {{ "stable_key(pseudonym(user_session))" if door.key else "stable_key(cast(user_session AS VARCHAR))" }}
        AS session_key,
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
WHERE
    NOT usable
    AND NOT excluded
    {% if door.erased %}
    AND NOT EXISTS (
        SELECT gone.customer
        FROM gone
        WHERE gone.customer = judged.customer AND is_gone(judged.wall_time, gone.until)
    )
    {% endif %}
