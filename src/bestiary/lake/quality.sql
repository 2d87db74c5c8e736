-- What is odd about the visits before as_of, beside what was refused at the door. Only the sessions in `suspects` can
-- be odd. The visits are scanned twice: kept between the two, they would fill the memory.
WITH sessions AS (
    SELECT
        count(DISTINCT user_id) AS customers,
        sum(views + carts + removals + purchases + refunds) AS events,
        sum(views) AS views
    FROM read_parquet({{ files }}, hive_partitioning = FALSE)
    WHERE hour < TIMESTAMP '{{ as_of }}' AND session_key IN (SELECT suspects.session_key FROM suspects)
    GROUP BY session_key
),

odd_sessions AS (
    SELECT
        count(*) FILTER (WHERE customers > 1) AS sessions_with_several_customers,
        count(*) FILTER (WHERE events > 500) AS sessions_over_500_events,
        count(*) FILTER (WHERE events > 500 AND views = events) AS view_only_floods
    FROM sessions
),

bought AS (
    -- A column for each field, named like it.
    SELECT unnest(bought, recursive := TRUE)  -- noqa: AL03
    FROM read_parquet({{ files }}, hive_partitioning = FALSE)
    WHERE hour < TIMESTAMP '{{ as_of }}' AND purchases > 0
),

products AS (
    -- What is unknown contradicts nothing.
    SELECT
        coalesce(min(brand) <> max(brand), FALSE) AS several_brands,
        coalesce(min(category_id) <> max(category_id), FALSE)
        OR coalesce(min(category_code) <> max(category_code), FALSE) AS several_categories
    FROM bought
    GROUP BY product_id
),

odd_products AS (
    SELECT
        count(*) FILTER (WHERE several_brands) AS products_with_several_brands,
        count(*) FILTER (WHERE several_categories) AS products_with_several_categories
    FROM products
)

SELECT
    odd_sessions.sessions_with_several_customers,
    odd_products.products_with_several_brands,
    odd_products.products_with_several_categories,
    odd_sessions.sessions_over_500_events,
    odd_sessions.view_only_floods
FROM odd_sessions
CROSS JOIN odd_products
