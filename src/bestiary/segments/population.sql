-- The customers that a recipe segments, numbered in the order of their ids, with the columns that it reads as doubles.
CREATE TEMP TABLE {{ identifier(table) }} AS
SELECT
    (row_number() OVER (ORDER BY user_id)) - 1 AS place,
    user_id,
    cast({{ identifier(events) }} AS BIGINT) AS events,
    cast((epoch_us(TIMESTAMP '{{ as_of }}') - epoch_us(first_seen)) // 86400000000 AS DOUBLE) AS tenure
    {%- for column in columns %},
    cast({{ identifier(column) }} AS DOUBLE) AS {{ identifier(column) }}{% endfor %}

FROM read_parquet({{ quote(customers) }})
WHERE {{ where }}
