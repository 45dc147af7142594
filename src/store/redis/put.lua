-- Keeps a record for a span, and tells what it took the place of.
-- ARGV: the record, its remaining life in milliseconds.
local old = redis.call('GETRANGE', KEYS[1], 0, 129)
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return old
