-- Everyone's segment, persona and confidence, in the order of the ids.
COPY (
    SELECT
        population.user_id,
        labels.segment,
        names.persona,
        labels.confidence
    FROM population
    INNER JOIN labels ON population.place = labels.place
    INNER JOIN names ON labels.segment = names.segment
    ORDER BY population.place
) TO {{ quote(out) }} (FORMAT parquet, COMPRESSION zstd)
