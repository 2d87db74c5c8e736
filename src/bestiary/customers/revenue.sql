-- Revenue net of refunds by whole calendar month before as_of; the first month may not be whole and is left out.
WITH visits AS (
    SELECT
        date_trunc('month', hour) AS month,
        refunded,
        list_sum(list_transform(bought, LAMBDA one: one.price)) AS spent
    FROM read_parquet({{ files }}, hive_partitioning = FALSE)
    WHERE hour < date_trunc('month', TIMESTAMP '{{ as_of }}')
),

months AS (
    SELECT
        month,
        strftime(month, '%Y-%m') AS name,
        cast(coalesce(sum(spent), 0) - coalesce(sum(refunded), 0) AS DOUBLE) AS revenue
    FROM visits
    GROUP BY month
)

SELECT
    name,
    revenue
FROM months
QUALIFY row_number() OVER (ORDER BY month ASC) > 1
ORDER BY name
