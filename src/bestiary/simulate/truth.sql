-- Arrays of customers -> what is hidden of each, ordered as they arrive.
SELECT
    user_id,
    getvariable('kinds')[kind + 1] AS type,
    cast(DATE {{ quote(start) }} + to_months(cast(first_month AS INTEGER)) AS DATE) AS first_month,
    months AS active_months,
    rate AS sessions_rate,
    buys AS buying_rate,
    place AS price_level,
    hour AS usual_hour,
    favourite AS favourite_department
FROM block
