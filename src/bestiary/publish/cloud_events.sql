-- A run's movements -> an event for each segment left, and for each entered, after a position. `position` puts the two
-- of a customer together, and customers in an order that tells nothing of them and holds when one of them is erased.
WITH movements AS (
    SELECT
        cast(user_id AS VARCHAR) AS customer,
        "from",
        "to",
        kind,
        left(sha256({{ quote(source) }} || ' {{ as_of }} ' || cast(user_id AS VARCHAR)), 32) AS place
    FROM read_parquet({{ files }})
),

ends AS (
    SELECT
        *,
        'left' AS what,
        place || '0' AS position
    FROM movements
    WHERE "from" IS NOT NULL
    UNION ALL
    SELECT
        *,
        'entered' AS what,
        place || '1' AS position
    FROM movements
    WHERE "to" IS NOT NULL
)

SELECT
    position,
    -- The id comes last, so that nothing in it can be taken for another part.
    sha256(
        concat(
            {{ quote(source) }}, ' {{ as_of }} ', what, ' ',
            coalesce("from", -1), ' ', coalesce("to", -1), ' ', customer
        )
    ) AS digest,
    what,
    customer,
    "from",
    "to",
    kind
FROM ends
WHERE position > {{ quote(after) }}
ORDER BY position
