-- How many records there are, by root key and by the second at which they end. What is past is struck off, at most 5000
-- seconds' worth a call. A key above 255 counts what was learnt and not issued; such records have a bound of their own.
-- KEYS: totals by root key; counts by "key:expiry"; those names by expiry.
-- ARGV: "read", now | "admit", now, entries_max, learnt_max, life in ms, then key, expiry, count…
--       | "strike", now, key, expiry, count…
local totals, counts, ends = KEYS[1], KEYS[2], KEYS[3]
local op, now = ARGV[1], ARGV[2]

local function strike(key, name, by)
  local held = tonumber(redis.call('HGET', counts, name) or 0)
  by = math.min(by, held)
  if by <= 0 then
    redis.call('ZREM', ends, name)
    return
  end
  if by == held then
    redis.call('HDEL', counts, name)
    redis.call('ZREM', ends, name)
  else
    redis.call('HINCRBY', counts, name, -by)
  end
  if redis.call('HINCRBY', totals, key, -by) <= 0 then redis.call('HDEL', totals, key) end
end

for _, name in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', now, 'LIMIT', 0, 5000)) do
  strike(string.match(name, '^%d+'), name, math.huge)
end

if op == 'read' then return redis.call('HGETALL', totals) end

if op == 'strike' then
  for i = 3, #ARGV, 3 do strike(ARGV[i], ARGV[i] .. ':' .. ARGV[i + 1], tonumber(ARGV[i + 2])) end
  return 1
end

local held, learnt = 0, 0
local function count(key, by)
  held = held + tonumber(by)
  if tonumber(key) > 255 then learnt = learnt + tonumber(by) end
end
local all = redis.call('HGETALL', totals)
for i = 1, #all, 2 do count(all[i], all[i + 1]) end
local entries_max = tonumber(ARGV[3])

for i = 6, #ARGV, 3 do count(ARGV[i], ARGV[i + 2]) end
if learnt > tonumber(ARGV[4]) then return -1 end
if held > entries_max then return 0 end
for i = 6, #ARGV, 3 do
  local key, expiry, by = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local name = key .. ':' .. expiry
  redis.call('HINCRBY', totals, key, by)
  redis.call('HINCRBY', counts, name, by)
  redis.call('ZADD', ends, expiry, name)
end
for i = 1, 3 do
  if redis.call('PTTL', KEYS[i]) < tonumber(ARGV[5]) then redis.call('PEXPIRE', KEYS[i], ARGV[5]) end
end
return 1
