-- The refused rows of one source, and whether they tell of people who are to go: by the customer or the session that
-- was read, and by every word of the text, since of a line that could not be split nobody knows which word is what.
WITH refused AS (
    SELECT
        *,
        row_number() OVER () AS place
    FROM read_parquet({{ files }}, hive_partitioning = FALSE)
),

odd AS (
    SELECT user_id
    FROM people
    WHERE words_of(cast(user_id AS VARCHAR)) != [cast(user_id AS VARCHAR)]
),

words AS (
    SELECT
        place,
        unnest(words_of(raw)) AS word
    FROM refused
),

named AS (
    SELECT place
    FROM words
    WHERE
        word IN (SELECT cast(people.user_id AS VARCHAR) FROM people)
        OR stable_key(word) IN (SELECT sessions.session_key FROM sessions)
    UNION ALL
    SELECT refused.place
    FROM refused
    INNER JOIN odd ON names_id(refused.raw, odd.user_id)
)

SELECT
    source,
    number,
    raw,
    reason,
    user_id,
    session_key,
    coalesce(user_id IN (SELECT people.user_id FROM people), FALSE)
    OR coalesce(session_key IN (SELECT sessions.session_key FROM sessions), FALSE)
    OR place IN (SELECT named.place FROM named) AS theirs
FROM refused
ORDER BY place
