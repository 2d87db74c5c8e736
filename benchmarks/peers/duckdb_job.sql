-- Event files -> customer table in one straight query. `as_of` and `files` are variables of the session.
WITH events AS (
    SELECT DISTINCT
        event_time,
        event_type,
        product_id,
        category_id,
        category_code,
        brand,
        price,
        user_id,
        user_session
    FROM read_parquet(getvariable('files'))
    WHERE event_time < getvariable('as_of') AND event_time >= getvariable('as_of') - INTERVAL 7 MONTH
),

described AS (
    SELECT
        user_id,
        event_time,
        event_type,
        price,
        brand,
        category_code,
        event_type = 'purchase' AS bought,
        -- Without a session, customer and hour make the visit.
        coalesce(user_session, cast(date_trunc('hour', event_time) AS VARCHAR)) AS session,
        event_time >= getvariable('as_of') - INTERVAL 2 MONTH AS in_2m,
        event_time >= getvariable('as_of') - INTERVAL 5 MONTH AS in_5m,
        CASE
            WHEN hour(event_time) < 5 THEN 'night'
            WHEN hour(event_time) < 13 THEN 'morning'
            WHEN hour(event_time) < 18 THEN 'afternoon'
            ELSE 'evening'
        END AS daypart,
        lower(dayname(event_time)) AS weekday
    FROM events
)

SELECT
    user_id,
    count(*) FILTER (WHERE in_2m AND event_type = 'view') AS number_of_views_2m,
    count(*) FILTER (WHERE in_2m AND event_type = 'cart') AS number_of_carts_2m,
    count(DISTINCT session) FILTER (WHERE in_2m) AS number_of_sessions_2m,
    count(*) FILTER (WHERE in_2m AND bought) AS count_products_2m,
    avg(price) FILTER (WHERE in_2m AND bought) AS avg_price_2m,
    count(*) FILTER (WHERE in_5m AND event_type = 'view') AS number_of_views_5m,
    count(*) FILTER (WHERE in_5m AND event_type = 'cart') AS number_of_carts_5m,
    count(DISTINCT session) FILTER (WHERE in_5m) AS number_of_sessions_5m,
    count(*) FILTER (WHERE in_5m AND bought) AS count_products_5m,
    avg(price) FILTER (WHERE in_5m AND bought) AS avg_price_5m,
    count(*) FILTER (WHERE event_type = 'view') AS number_of_views_7m,
    count(*) FILTER (WHERE event_type = 'cart') AS number_of_carts_7m,
    count(DISTINCT session) AS number_of_sessions_7m,
    count(*) FILTER (WHERE bought) AS count_products_7m,
    avg(price) FILTER (WHERE bought) AS avg_price_7m,
    max(event_time) FILTER (WHERE bought) AS last_purchase,
    date_sub('day', last_purchase, getvariable('as_of')) AS days_since_last_purchase,
    coalesce(sum(price) FILTER (WHERE bought), 0) AS total_purchase_value,
    greatest(0, number_of_carts_7m - count_products_7m) AS cart_abandonments,
    mode(brand) FILTER (WHERE bought) AS preferred_brand,
    mode(category_code) FILTER (WHERE bought) AS preferred_category,
    mode(daypart) AS most_active_time,
    mode(weekday) AS most_active_day
FROM described
GROUP BY user_id
