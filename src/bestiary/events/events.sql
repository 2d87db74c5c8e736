-- One piece of a source file, read by the contract: a row for each record. Texts that only purchases need are only kept
-- for them. `mark` is a hash of all nine columns; it is never stored.
{% include "judged.sql" %}

SELECT
    wall_time,
    {% if time_zone != "UTC" %}
    instant,
    {% endif %}
    kind AS event_type,
    product,
    category,
    CASE WHEN kind = 'purchase' THEN {{ read.category_code }}(category_code) END AS category_code,
    CASE WHEN kind = 'purchase' THEN {{ read.brand }}(brand) END AS brand,
    {{ read.category_code }}(category_code) IS NULL AS no_category_code,
    {{ read.brand }}(brand) IS NULL AS no_brand,
    amount,
    customer,
    {{ read.user_session }}(user_session) AS user_session,
    usable,
    excluded,
    hash(
        wall_time, {{ "instant," if time_zone != "UTC" }} kind, product, category, amount, customer,
        {{ read.category_code }}(category_code), {{ read.brand }}(brand), {{ read.user_session }}(user_session)
    ) AS mark
FROM judged
