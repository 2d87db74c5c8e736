-- Figures of the events that are ripe, before duplicates are removed.
SELECT
    count(*) AS copies,
    count(*) FILTER (WHERE amount = 0) AS zero_price,
    {% for type in event_types %}
    count(*) FILTER (WHERE event_type = '{{ type }}') AS read_{{ type }},
    {% endfor %}
    count(*) FILTER (WHERE category IS NULL) AS missing_category_id,
    count(*) FILTER (WHERE no_category_code) AS missing_category_code,
    count(*) FILTER (WHERE no_brand) AS missing_brand,
    count(*) FILTER (WHERE amount IS NULL) AS missing_price,
    count(*) FILTER (WHERE user_session IS NULL) AS missing_user_session,
    min(wall_time) AS first_time,
    max(wall_time) AS last_time
FROM events
WHERE usable AND {{ ripe }}
