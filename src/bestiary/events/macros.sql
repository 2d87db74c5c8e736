-- How raw values become the contract's types: null in, null out; a value that cannot be read is null as well, and
-- judged.sql tells the two apart. Regular expressions come before any cast, because casts accept too much
-- ('12.5' and '2.1E+18' are integers to them).

-- Times without an offset are UTC. The cast to TIMESTAMP ignores offsets, so it only sees text that ends in UTC.
CREATE OR REPLACE TEMP MACRO time_from_text(t) AS CASE
    WHEN t LIKE '____-__-__ __:__:__ UTC' THEN try_cast(left(t, 19) AS TIMESTAMP)
    WHEN
        regexp_full_match(
            t,
            '[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?)?'
            || '( ?(UTC|GMT|Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?))?'
        )
        THEN try_cast(regexp_replace(replace(t, 'GMT', 'UTC'), ' ([+-])', '\1') AS TIMESTAMPTZ) AT TIME ZONE 'UTC'
END;
CREATE OR REPLACE TEMP MACRO time_from_timestamp(t) AS try_cast(t AS TIMESTAMP);
CREATE OR REPLACE TEMP MACRO time_from_instant(t) AS t AT TIME ZONE 'UTC';

-- A number that is written back as it came needs no regular expression.
CREATE OR REPLACE TEMP MACRO integer_id_from_text(t) AS CASE
    WHEN cast(try_cast(t AS BIGINT) AS VARCHAR) = cast(t AS VARCHAR) THEN try_cast(t AS BIGINT)
    WHEN regexp_full_match(cast(t AS VARCHAR), '-?[0-9]{1,19}') THEN try_cast(t AS BIGINT)
END;
CREATE OR REPLACE TEMP MACRO integer_id_from_integer(n) AS try_cast(n AS BIGINT);
-- Above 2^53 a double no longer holds every integer, so an id written as one is lost.
CREATE OR REPLACE TEMP MACRO integer_id_from_double(d) AS CASE
    WHEN isfinite(d) AND d = trunc(d) AND abs(d) < 9007199254740992 THEN cast(d AS BIGINT)
END;
-- '2.10381E+18' is what a spreadsheet leaves of a long id.
CREATE OR REPLACE TEMP MACRO string_id_from_text(t) AS CASE
    WHEN NOT regexp_full_match(cast(t AS VARCHAR), '-?[0-9](\.[0-9]+)?[eE]\+[0-9]+') THEN cast(t AS VARCHAR)
END;
CREATE OR REPLACE TEMP MACRO string_id_from_integer(n) AS cast(n AS VARCHAR);
CREATE OR REPLACE TEMP MACRO string_id_from_double(d) AS cast(integer_id_from_double(d) AS VARCHAR);

-- Adding zero makes -0.0 the same price as 0.0. Infinity and NaN pass, for judged.sql to name.
CREATE OR REPLACE TEMP MACRO price_from_text(t) AS CASE
    WHEN NOT contains(cast(t AS VARCHAR), '_') THEN try_cast(cast(t AS VARCHAR) AS DOUBLE) + 0
END;
CREATE OR REPLACE TEMP MACRO price_from_number(n) AS cast(n AS DOUBLE) + 0;

CREATE OR REPLACE TEMP MACRO text_from_any(a) AS nullif(cast(a AS VARCHAR), '');

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
