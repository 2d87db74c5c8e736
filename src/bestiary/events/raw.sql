{# The piece as it lies: `raw` has a row for each record, with the contract's columns not yet read. #}
{% if source.format == "parquet" %}
found AS (
    SELECT
        {% if numbered %}
        file_row_number + 1 AS number,
        cast(to_json(struct_pack(
            {% for name in source.columns %}
            {{ identifier(name) }} := {{ identifier(name) }}{{ "," if not loop.last }}
            {% endfor %}
        )) AS VARCHAR) AS raw_text,
        {% endif %}
        {% for name, _ in source.wanted %}
        {% if source.types[name] == "VARCHAR" %}
        nullif({{ identifier(name) }}, '') AS {{ identifier(name) }},
        {% else %}
        {{ identifier(name) }},
        {% endif %}
        {% endfor %}
        cast(NULL AS VARCHAR) AS fault
    FROM
        read_parquet(
            {{ quote(piece.scan_path) }}, file_row_number = TRUE, binary_as_string = TRUE,
            hive_partitioning = FALSE
        )
    WHERE {{ piece.condition }}
),
{% elif piece.plain and not numbered %}
found AS (
    -- No line is odd, so DuckDB may split them: a fifth faster than doing it below.
    SELECT
        {% for name, position in source.wanted %}
        column{{ position }} AS {{ identifier(name) }},
        {% endfor %}
        cast(NULL AS VARCHAR) AS fault
    FROM read_csv(
        {{ quote(piece.scan_path) }}, auto_detect = FALSE, header = FALSE, delim = ',', quote = '', escape = '',
        columns = {
            {% for _ in source.columns %}
            'column{{ loop.index }}': 'VARCHAR'{{ "," if not loop.last }}
            {% endfor %}
        }
    )
),
{% else %}
lines AS (
    -- A line is one column here: the delimiter is a character that is not in the file, or the line is marked.
    SELECT
        {% if numbered %}
        row_number() OVER () + {{ piece.before }} AS number,
        {% endif %}
        coalesce(line, '') AS line
    FROM read_csv(
        {{ quote(piece.scan_path) }}, auto_detect = FALSE, header = FALSE,
        columns = {'line': 'VARCHAR'}, delim = '{{ "\x1f" }}', quote = '', escape = '',
        max_line_size = 4194304, buffer_size = 33554432
    )
),

split AS (
    SELECT
        *,
        CASE
            WHEN NOT contains(line, '"') THEN string_split(line, ',')
            ELSE regexp_extract_all(',' || line, ',("(?:[^"]|"")*"|[^",]*)', 1)
        END AS fields
    FROM lines
),

faults AS (
    -- Quoted fields must account for every character of their line, or the quotes do not close. The cases are nested
    -- because a condition's parts are all worked out, for every line.
    SELECT
        *,
        CASE
            WHEN starts_with(line, chr(26)) THEN split_part(line, chr(26), 2)
            WHEN contains(line, '"')
                THEN CASE
                    WHEN list_sum(list_transform(fields, LAMBDA field: length(field) + 1)) != length(line) + 1
                        THEN 'unparsable_line'
                    WHEN len(fields) != {{ source.columns | length }} THEN 'wrong_number_of_columns'
                END
            WHEN len(fields) != {{ source.columns | length }}
                THEN CASE WHEN trim(line) = '' THEN 'blank_line' ELSE 'wrong_number_of_columns' END
        END AS fault
    FROM split
),

found AS (
    SELECT
        {% if numbered %}
        number,
        CASE WHEN starts_with(line, chr(26)) THEN split_part(line, chr(26), 3) ELSE line END AS raw_text,
        {% endif %}
        {% for name, position in source.wanted %}
        nullif(
            CASE
                WHEN starts_with(fields[{{ position }}], '"')
                    THEN replace(fields[{{ position }}][2:-2], '""', '"')
                ELSE fields[{{ position }}]
            END, ''
        ) AS {{ identifier(name) }},
        {% endfor %}
        fault
    FROM faults
),
{% endif %}

raw AS (
    SELECT
        {% if numbered %}
        number,
        raw_text,
        {% endif %}
        {% for name, expression in mapping.columns %}
        {{ expression }} AS {{ name }},
        {% endfor %}
        {% if mapping.rejects %}
        CASE
            WHEN fault IS NOT NULL THEN fault
            {% for reason, condition in mapping.rejects %}
            WHEN {{ condition }} THEN {{ quote(reason) }}
            {% endfor %}
        END AS fault
        {% else %}
        fault
        {% endif %}
    FROM found
)
