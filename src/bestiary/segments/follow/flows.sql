-- How many customers went from each state of an earlier run to each of a later one. A state is the number of the
-- segment in which a customer is settled; after the last segment come "too early to say", and not being there.
WITH earlier AS (
    SELECT
        user_id,
        coalesce(settled, {{ k_old }}) AS state
    FROM {{ before }}
),

later AS (
    SELECT
        user_id,
        coalesce(settled, {{ k_new }}) AS state
    FROM {{ after }}
)

SELECT
    coalesce(earlier.state, {{ k_old }} + 1) AS origin,
    coalesce(later.state, {{ k_new }} + 1) AS target,
    count(*) AS customers
FROM earlier
FULL JOIN later ON earlier.user_id = later.user_id
GROUP BY ALL
