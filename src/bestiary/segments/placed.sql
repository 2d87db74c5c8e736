-- Everyone's place: buyers, then visitors, for whom nothing is expected. Who has too few events has no segment yet.
CREATE OR REPLACE TEMP TABLE placed AS
WITH labelled AS (
    {% for table in tables %}
    {{ "UNION ALL BY NAME" if not loop.first }}
    SELECT
        people.user_id,
        '{{ table }}' AS population,
        people.events >= {{ min_events }} AS enough,
        labels.* EXCLUDE (place)  -- noqa: RF02
    FROM {{ table }} AS people
    INNER JOIN {{ table }}_labels AS labels ON people.place = labels.place
    {% endfor %}
),

believed AS (
    SELECT
        labelled.user_id,
        labelled.population,
        CASE WHEN labelled.enough THEN labelled.segment END AS segment,
        CASE WHEN labelled.enough THEN labelled.second END AS second,
        CASE WHEN labelled.enough THEN labelled.confidence END AS confidence,
        labelled.expected_value,
        labelled.expected_low,
        labelled.expected_high
    FROM labelled
){% if before %},

before AS (
    SELECT
        earlier.user_id,
        placed_as.new AS segment,
        settled_as.new AS settled
    FROM read_parquet({{ quote(before) }}) AS earlier
    LEFT JOIN heirs AS placed_as ON earlier.segment = placed_as.old
    LEFT JOIN heirs AS settled_as ON earlier.settled = settled_as.old
){% endif %}

SELECT
    believed.user_id,
    believed.population,
    believed.segment,
    names.persona,
    believed.second,
    believed.confidence,
    {% if before %}
    CASE
        WHEN
            believed.segment IS NULL OR before.settled IS NULL OR believed.segment = before.segment
            OR believed.confidence >= {{ margin }}
            -- Who has bought, or whose purchases are out of the window, is among others at once.
            OR (believed.segment >= {{ buyers }}) <> (before.settled >= {{ buyers }}) THEN believed.segment
        ELSE before.settled
    END AS settled,
    {% else %}
    believed.segment AS settled,
    {% endif %}
    believed.expected_value,
    believed.expected_low,
    believed.expected_high
FROM believed
LEFT JOIN names ON believed.segment = names.segment
{% if before %}
LEFT JOIN before ON believed.user_id = before.user_id  -- noqa: ST11
{% endif %}
