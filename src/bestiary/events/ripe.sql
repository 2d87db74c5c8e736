-- The hour before which all events of a file that is sorted by time, give or take an hour, have been read: later rows
-- wait for the next piece. Not the last event's hour, so that a few times that are too late do no harm.
SELECT date_trunc('hour', quantile_disc(wall_time, 0.95)) - INTERVAL 1 HOUR
FROM events
WHERE usable
