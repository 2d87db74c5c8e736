-- One piece of a source file, read by the contract: a row for each record. `mark` is the same for rows that are equal,
-- and nearly always another for rows that are not; it is never stored.
{% include "judged.sql" %}

SELECT
    wall_time,
    {% if time_zone != "UTC" %}
    instant,
    {% endif %}
    try_cast(event_type AS ENUM(
        {% for type in event_types %}
        '{{ type }}'{{ "," if not loop.last }}
        {% endfor %}
    )) AS event_type,
    product,
    category,
    {{ read.category_code }}(category_code) AS category_code,
    {{ read.brand }}(brand) AS brand,
    amount,
    customer,
    {{ read.user_session }}(user_session) AS user_session,
    usable,
    hash(wall_time, customer, product) AS mark
FROM judged
