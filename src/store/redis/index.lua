-- Enters ids in an index before their records are stored, and drops those whose life is over.
-- ARGV: now in seconds, the longest remaining life in milliseconds, how many there may be (0: any number), then pairs of
-- expiry in seconds and id. Answers 0 when there are too many; what does not fit is not entered then.
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
local max = tonumber(ARGV[3])
for i = 4, #ARGV, 2 do
  local added = redis.call('ZADD', KEYS[1], 'GT', ARGV[i], ARGV[i + 1])
  if max > 0 and added == 1 and redis.call('ZCARD', KEYS[1]) > max then
    redis.call('ZREM', KEYS[1], ARGV[i + 1])
    return 0
  end
end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1
