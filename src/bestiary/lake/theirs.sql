-- The visits of one part that are of people who are to go.
CREATE TABLE theirs AS
SELECT
    visits.first_time,
    visits.last_time,
    visits.session_key,
    visits.views + visits.carts + visits.removals + visits.purchases + visits.refunds AS events
FROM read_parquet({{ files }}, hive_partitioning = FALSE) AS visits
INNER JOIN read_parquet({{ people }}) AS people ON visits.user_id = people.user_id
WHERE coalesce(visits.first_time <= people.until, TRUE)
