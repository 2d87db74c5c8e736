-- Functions whose results are stored (the bucket of a customer, the key of a session), and what finds people again.

-- The same in every version and on every engine: a UUID is a number of 128 bits, and any other text is its MD5, whose
-- bytes are read with the least first; the halves of the number are combined (exclusive or), without the sign bit.
CREATE OR REPLACE TEMP MACRO stable_number(t) AS coalesce(
    CASE WHEN length(t) = 36 THEN cast(try_cast(t AS UUID) AS UHUGEINT) END, md5_number(t)
);
CREATE OR REPLACE TEMP MACRO stable_key(t) AS cast(
    xor(stable_number(t) >> 64, stable_number(t)) & cast(9223372036854775807 AS UHUGEINT) AS BIGINT
);
-- Multiplicative hashing (Knuth) by 2^31 times the golden ratio, modulo the prime 2^31 - 1: ids in a row, or a step
-- apart, are spread evenly.
CREATE OR REPLACE TEMP MACRO stable_bucket_of_integer(n, buckets) AS cast(
    abs(cast(n AS BIGINT) % 2147483647) * 1327217885 % 2147483647 * buckets // 2147483647 AS INTEGER
);
CREATE OR REPLACE TEMP MACRO stable_bucket_of_string(t, buckets) AS cast(stable_key(t) % buckets AS INTEGER);

-- The words of a line of a file that could not be split: between its blanks, delimiters and quotes.
CREATE OR REPLACE TEMP MACRO words_of(t) AS list_distinct(regexp_extract_all(t, '[^\s,;|"''{}:]+'));
-- An id that is no word itself (it has a blank, a comma, a quote) is looked for as it stands; every other as a word, so
-- that 12 is not found in 3124. A quote within a quoted field of a CSV file is written twice.
CREATE OR REPLACE TEMP MACRO names_id(t, u) AS CASE
    WHEN words_of(cast(u AS VARCHAR)) = [cast(u AS VARCHAR)] THEN list_contains(words_of(t), cast(u AS VARCHAR))
    ELSE contains(t, cast(u AS VARCHAR)) OR contains(t, replace(cast(u AS VARCHAR), '"', '""'))
END;

-- HMAC-SHA-256 (RFC 2104), the first 128 bits in hexadecimal: `i` and `o` are the key combined with the inner and the
-- outer constant.
CREATE OR REPLACE TEMP MACRO keyed_hash(i, o, t) AS left(
    sha256(o || unhex(sha256(i || encode(cast(t AS VARCHAR))))), 32
);
