-- The second and later copies of exact duplicates among the events that are ripe: all nine columns equal after parsing,
-- nulls equal. When clocks go back, one wall time is two instants, an hour apart. Events are compared whose marks are
-- there twice, and they are few; what of them was not kept (a viewed product's brand, say) is in the mark.
WITH copies AS (
    SELECT
        rowid AS place,
        row_number() OVER (
            PARTITION BY
                mark,
                wall_time,
                {% if time_zone != "UTC" %}
                instant,
                {% endif %}
                event_type, product, category, category_code, brand, amount, customer, user_session
            ORDER BY rowid ASC
        ) AS copy
    FROM events
    WHERE usable AND {{ ripe }} AND mark IN (SELECT marks.mark FROM marks)
)

SELECT place
FROM copies
WHERE copy > 1
