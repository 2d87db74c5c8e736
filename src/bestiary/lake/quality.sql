-- What is odd about the visits before as_of, beside what was refused at the door.
WITH visits AS (
    SELECT *
    FROM read_parquet({{ files }}, hive_partitioning = FALSE)
    WHERE hour < TIMESTAMP '{{ as_of }}'
),

sessions AS (
    SELECT
        session_key,
        count(DISTINCT user_id) AS customers,
        sum(views + carts + removals + purchases + refunds) AS events,
        sum(views) AS views
    FROM visits
    GROUP BY session_key
),

products AS (
    SELECT
        bought.product_id,
        count(DISTINCT bought.brand) AS brands,
        greatest(count(DISTINCT bought.category_id), count(DISTINCT bought.category_code)) AS categories
    FROM (SELECT unnest(bought) AS bought FROM visits WHERE purchases > 0) AS purchases
    GROUP BY bought.product_id
)

SELECT
    (SELECT count(*) FROM sessions WHERE customers > 1) AS sessions_with_several_customers,
    (SELECT count(*) FROM products WHERE brands > 1) AS products_with_several_brands,
    (SELECT count(*) FROM products WHERE categories > 1) AS products_with_several_categories,
    (SELECT count(*) FROM sessions WHERE events > 500) AS sessions_over_500_events,
    (SELECT count(*) FROM sessions WHERE events > 500 AND views = events) AS view_only_floods
