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

CREATE OR REPLACE TEMP MACRO integer_id_from_text(t) AS CASE
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

-- The first 64 bits of the MD5, as an unsigned number: the same in every version and on every engine.
CREATE OR REPLACE TEMP MACRO stable_hash(t) AS cast('0x' || left(md5(t), 16) AS UBIGINT);
CREATE OR REPLACE TEMP MACRO stable_key(t) AS cast(
    cast(stable_hash(t) AS HUGEINT)
    - CASE WHEN stable_hash(t) >= 9223372036854775808 THEN cast(18446744073709551616 AS HUGEINT) ELSE 0 END
    AS BIGINT
);
CREATE OR REPLACE TEMP MACRO stable_bucket(t, buckets) AS cast(stable_hash(t) % buckets AS INTEGER);
