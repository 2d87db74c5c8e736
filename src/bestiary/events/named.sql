-- Refused rows whose text holds, as a word of it, the id of somebody who was erased: without the text. Where ids are
-- texts they may have blanks and commas in them, and a line that could not be split has no words to look at.
WITH words AS (
    SELECT
        rowid AS place,
        unnest(words_of(raw)) AS word
    FROM rejects
)

UPDATE rejects
SET raw = NULL
WHERE
    (typeof(user_id) = 'VARCHAR' AND NOT parsed)
    OR rowid IN (
        SELECT words.place FROM words WHERE erasure_mark(words.word) IN (SELECT erased.mark FROM erased)
    )
