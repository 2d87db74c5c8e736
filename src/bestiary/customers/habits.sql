-- Some buckets of visits and everyone's group (the table `people`) -> by group, the visits of each hour of the week
-- (`slot` 0 is Monday at midnight), and of those that `buys` says the customers who bought each brand and category, by
-- how many different ones they bought (the `slot`); where the value is null, all customers of the group and slot.
WITH visits AS (
    -- A visit in several files meets here.
    SELECT DISTINCT
        user_id,
        session_key,
        hour
    FROM read_parquet({{ files }}, hive_partitioning = FALSE)
    WHERE hour >= TIMESTAMP '{{ start }}' AND hour < TIMESTAMP '{{ as_of }}'
),

slots AS (
    SELECT
        'hours' AS kind,
        cast(NULL AS VARCHAR) AS value,
        (isodow(visits.hour) - 1) * 24 + hour(visits.hour) AS slot,
        people.number,
        count(*) AS found
    FROM visits
    INNER JOIN people ON visits.user_id = people.user_id
    GROUP BY slot, people.number
),

bought AS (
    -- A column for each field, named like it.
    SELECT
        user_id,
        unnest(bought, recursive := TRUE)  -- noqa: AL03
    FROM read_parquet({{ files }}, hive_partitioning = FALSE)
    WHERE purchases > 0 AND hour >= TIMESTAMP '{{ start }}' AND hour < TIMESTAMP '{{ as_of }}'
),

{% for column in ("brand", "category_code") %}
{{ column }}_buyers AS (
    SELECT DISTINCT
        user_id,
        {{ column }} AS value
    FROM bought
    WHERE {{ column }} IS NOT NULL
),

{{ column }}_breadth AS (
    -- Each number is a slot up to twenty, and from there on each twelfth part more.
    SELECT
        {{ column }}_buyers.user_id,
        people.number,
        cast(least(count(*), 20) + floor(8 * log2(greatest(count(*), 20) / 20)) AS BIGINT) AS slot
    FROM {{ column }}_buyers
    INNER JOIN people ON {{ column }}_buyers.user_id = people.user_id
    WHERE people.buys
    GROUP BY {{ column }}_buyers.user_id, people.number
),

{{ column }}_counts AS (
    SELECT
        '{{ column }}' AS kind,
        {{ column }}_buyers.value,
        {{ column }}_breadth.slot,
        {{ column }}_breadth.number,
        count(*) AS found
    FROM {{ column }}_buyers
    INNER JOIN {{ column }}_breadth ON {{ column }}_buyers.user_id = {{ column }}_breadth.user_id
    GROUP BY ALL
    UNION ALL
    SELECT
        '{{ column }}' AS kind,
        cast(NULL AS VARCHAR) AS value,
        slot,
        number,
        count(*) AS found
    FROM {{ column }}_breadth
    GROUP BY slot, number
),

{% endfor %}
counts AS (
    SELECT * FROM slots
    UNION ALL
    SELECT * FROM brand_counts
    UNION ALL
    SELECT * FROM category_code_counts
)

SELECT * FROM counts
