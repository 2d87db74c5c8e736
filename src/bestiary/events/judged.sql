{# Each record read by the contract, and whether it can be used; `rejects.sql` has the reasons. #}
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
        try_cast(event_type AS ENUM(
            {% for type in event_types %}
            '{{ type }}'{{ "," if not loop.last }}
            {% endfor %}
        )) AS kind,
        {{ read.product_id }}(product_id) AS product,
        {{ read.category_id }}(category_id) AS category,
        {{ read.price }}(price) AS amount,
        {{ read.user_id }}(user_id) AS customer,
        {{ "is_excluded(category_code)" if door.excludes else "FALSE" }} AS excluded
    FROM raw
),

judged AS (
    -- `usable` decides; NaN and infinity are not below 1e12.
    SELECT
        *,
        coalesce(
            fault IS NULL
            AND wall_time >= TIMESTAMP '1990-01-01' AND wall_time <= TIMESTAMP {{ quote(clock) }}
            AND kind IS NOT NULL
            AND product IS NOT NULL
            AND (category IS NOT NULL OR category_id IS NULL)
            AND customer IS NOT NULL
            AND (price IS NULL OR (amount >= 0 AND amount < 1e12)),
            FALSE
        ) AS usable
    FROM typed
)
