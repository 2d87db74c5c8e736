-- One source file of events -> the records that are refused, with number, raw text and reason. Only run when the
-- visits do not account for every record; `parsed` says that the columns could be told apart.
{% include "judged.sql" %}

SELECT
    number,
    raw_text AS raw,
    reason,
    {% for name in contract %}
    {{ name }} IS NULL AS missing_{{ name }},
    {% endfor %}
    coalesce(amount = 0, FALSE) AS zero_price,
    fault IS NULL AS parsed
FROM judged
WHERE reason IS NOT NULL
