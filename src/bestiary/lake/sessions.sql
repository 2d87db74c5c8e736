-- The sessions of one bucket of visits before as_of whose key ends in `slice`, a row each: least and greatest customer
-- tell one from several.
SELECT
    session_key,
    min(user_id) <> max(user_id) OR sum(views + carts + removals + purchases + refunds) > 500 AS odd
FROM read_parquet({{ files }}, hive_partitioning = FALSE)
WHERE hour < TIMESTAMP '{{ as_of }}' AND (session_key & {{ mask }}) = {{ slice }}
GROUP BY session_key
