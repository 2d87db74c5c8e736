-- The table `counted` of members (user_id, group, first, last, entry, before) and visits -> what each member did in
-- [first, last), and spent in [before, entry). All are midnights, so no visit straddles an edge. Net of refunds;
-- `known` is who has visits.
WITH visits AS (
    SELECT
        user_id,
        session_key,
        hour,
        purchases,
        coalesce(list_sum(list_transform(bought, LAMBDA one: one.price)), 0) - refunded AS spent
    FROM read_parquet({{ files }}, hive_partitioning = FALSE)
),

theirs AS (
    SELECT
        counted.user_id,
        counted."group",
        visits.user_id AS known,
        visits.session_key,
        visits.purchases,
        visits.spent,
        coalesce(visits.hour >= counted.first AND visits.hour < counted.last, FALSE) AS inside,
        coalesce(visits.hour >= counted.before AND visits.hour < counted.entry, FALSE) AS ahead
    FROM counted
    LEFT JOIN visits ON counted.user_id = visits.user_id
)

SELECT
    user_id,
    "group",
    count(known) > 0 AS known,
    count(DISTINCT session_key) FILTER (WHERE inside AND purchases > 0) AS purchases,
    cast(coalesce(sum(spent) FILTER (WHERE inside), 0) AS DOUBLE) AS revenue,
    cast(coalesce(sum(spent) FILTER (WHERE ahead), 0) AS DOUBLE) AS revenue_before
FROM theirs
GROUP BY user_id, "group"
