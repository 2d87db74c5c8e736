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

-- Keyed hashes (see stable.sql) with the keys that the connection was given as variables, so that no statement holds
-- them.
CREATE OR REPLACE TEMP MACRO pseudonym(t) AS keyed_hash(
    getvariable('pseudonym_inner'), getvariable('pseudonym_outer'), t
);
CREATE OR REPLACE TEMP MACRO erasure_mark(t) AS keyed_hash(
    getvariable('erasure_inner'), getvariable('erasure_outer'), t
);
-- Whether a row of who was erased until `u` goes: it is of before, or of a time that cannot be.
CREATE OR REPLACE TEMP MACRO is_gone(w, u) AS coalesce(w <= u OR w > getvariable('clock'), TRUE);

-- Categories that the shop does not want to know of, in lower case, and all below them.
CREATE OR REPLACE TEMP MACRO is_excluded(a) AS coalesce(
    len(
        list_filter(
            getvariable('excluded'),
            LAMBDA code: lower(cast(a AS VARCHAR)) = code OR starts_with(lower(cast(a AS VARCHAR)), code || '.')
        )
    ) > 0, FALSE
);
CREATE OR REPLACE TEMP MACRO names_excluded(t) AS coalesce(
    len(list_filter(getvariable('excluded'), LAMBDA code: contains(lower(t), code))) > 0, FALSE
);

CREATE OR REPLACE TEMP MACRO text_from_any(a) AS nullif(cast(a AS VARCHAR), '');
