-- Keeps a record for a span, and tells what it took the place of; or 0 if its condition does not hold.
-- ARGV: the record, its remaining life in milliseconds, "always", "absent" or "present", now in seconds.
local old = redis.call('GETRANGE', KEYS[1], 0, 129)
local live = #old >= 8 and struct.unpack('>I4', string.sub(old, 5, 8)) > tonumber(ARGV[4])
if ARGV[3] == 'present' and not live then return 0 end
-- The same record, delivered twice because a connection broke between, is kept already.
if ARGV[3] == 'absent' and live and redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return old
