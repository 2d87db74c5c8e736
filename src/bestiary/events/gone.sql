-- The customers of `events` who are on the list of the erased, and until when.
CREATE OR REPLACE TEMP TABLE gone AS
WITH customers AS (
    SELECT DISTINCT customer
    FROM events
    WHERE customer IS NOT NULL
)

SELECT
    customers.customer,
    erased.until
FROM customers
INNER JOIN erased ON erased.mark = erasure_mark(customers.customer)
