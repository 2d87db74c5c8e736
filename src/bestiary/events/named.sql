-- Refused rows whose text holds, as a word of it, the id of somebody who was erased: without the text.
WITH words AS (
    SELECT
        rowid AS place,
        unnest(words_of(raw)) AS word
    FROM rejects
)

UPDATE rejects
SET raw = NULL
WHERE rowid IN (
    SELECT words.place FROM words WHERE erasure_mark(words.word) IN (SELECT erased.mark FROM erased)
)
