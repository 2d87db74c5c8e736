-- The customers that a preset segments, numbered in the order of their ids, with their numeric columns as doubles.
CREATE TEMP TABLE population AS
SELECT
    (row_number() OVER (ORDER BY user_id)) - 1 AS place,
    user_id{% for column in columns %},
    cast({{ identifier(column) }} AS DOUBLE) AS {{ identifier(column) }}{% endfor %}

FROM read_parquet({{ quote(customers) }})
WHERE {{ where }}
