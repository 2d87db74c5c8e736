-- The customers of some buckets as of an earlier midnight (the view `earlier`) and their visits since -> the same
-- customers with what they did in the window [first, last). Both are midnights, so no visit straddles an edge.
WITH visits AS (
    SELECT
        user_id,
        refunded,
        bought
    FROM read_parquet({{ files }}, hive_partitioning = FALSE)
    WHERE (purchases > 0 OR refunds > 0) AND hour >= TIMESTAMP '{{ first }}' AND hour < TIMESTAMP '{{ last }}'
),

-- Every purchase is a row, also one whose price is not known.
amounts AS (
    SELECT
        user_id,
        unnest(bought).price AS amount,
        TRUE AS purchase
    FROM visits
    UNION ALL
    SELECT
        user_id,
        -refunded AS amount,
        FALSE AS purchase
    FROM visits
),

outcome AS (
    SELECT
        user_id,
        sum(amount) AS value,
        bool_or(purchase) AS bought
    FROM amounts
    GROUP BY user_id
)

SELECT
    {% for column in columns %}
    earlier.{{ identifier(column) }},
    {% endfor %}
    cast(coalesce(outcome.value, 0) AS DOUBLE) AS outcome_value,
    coalesce(outcome.bought, FALSE) AS outcome_bought
FROM earlier
LEFT JOIN outcome ON earlier.user_id = outcome.user_id
