-- One atomic step of the ledger in a stored record. Mirrors `domain/lease/ledger.rs`, rule by rule and in its order;
-- `tests/redis/mirror.rs` holds the two against each other. Never adds on times (the caller gives the sums, saturated),
-- never writes anything but the ledger's bytes and the expiry that is there.
local LIVE, LEASED, SPENT, EXHAUSTED = 0, 1, 2, 3
local ONCE, CONVERSATION = 1, 2
local LEDGER_AT, HEAD_LEN, U32_MAX = 48, 130, 4294967295
local NONE = string.rep('\0', 16)

local key, op = KEYS[1], ARGV[1]
if op == 'probe' then
  -- There is no such key, so this changes nothing; but a server that takes no writes says so.
  redis.call('PEXPIRE', key, 1)
  return {'missing'}
end
local head = redis.call('GETRANGE', key, 0, HEAD_LEN - 1)
if #head == 0 then return {'missing'} end
if #head < HEAD_LEN or string.byte(head) ~= 1 then return {'damaged'} end
local _, uses, _, _, expires = struct.unpack('>BBBBI4', head)
local state, marks, redeemed, releases, when, lease, request, pending, bound =
  struct.unpack('>BBI4I4I8c16c16c16c16', head, LEDGER_AT + 1)
local has_bound, has_pending = marks % 2 == 1, marks >= 2

local function save()
  marks = (has_bound and 1 or 0) + (has_pending and 2 or 0)
  -- A server at maxmemory takes no SETRANGE as a script's first write, though this one adds no byte; it takes a PEXPIRE,
  -- and what follows a first write. An expiry of 0 or less would delete the record.
  local left = redis.call('PTTL', key)
  if left > 0 then redis.call('PEXPIRE', key, left) end
  redis.call('SETRANGE', key, LEDGER_AT, struct.pack('>BBI4I4I8c16c16c16c16',
    state, marks, redeemed, releases, when, lease, request, pending, bound))
end

local function clear(to)
  state, when, lease, request, pending, has_pending = to, 0, NONE, NONE, NONE, false
end

local function give_back(releases_max)
  releases = math.min(releases + 1, U32_MAX)
  clear((not has_bound and releases >= releases_max) and EXHAUSTED or LIVE)
end

local function granted(how)
  save()
  return {how, redis.call('GETRANGE', key, HEAD_LEN, -1)}
end

local function refused(why, changed)
  if changed then save() end
  return {why}
end

local function count_bound()
  redeemed = math.min(redeemed + 1, U32_MAX)
  return granted('bound')
end

if op == 'commit' then
  if state ~= LEASED or lease ~= ARGV[3] then return {'stale'} end
  if uses == ONCE then
    local by = request
    clear(SPENT)
    when, request = tonumber(ARGV[2]), by
  else
    if not has_bound and has_pending then has_bound, bound = true, pending end
    clear(LIVE)
  end
  redeemed = math.min(redeemed + 1, U32_MAX)
  save()
  return {'done'}
end

if op == 'release' then
  if state ~= LEASED or lease ~= ARGV[2] then return {'stale'} end
  give_back(tonumber(ARGV[3]))
  save()
  return {'done'}
end

-- reserve: now, until, replay_from, releases_max, lease, request[, binding]
local now, until_, replay_from = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local releases_max, asking_lease, asking_request, asking = tonumber(ARGV[5]), ARGV[6], ARGV[7], ARGV[8]
if now >= expires * 1000 then return {'missing'} end

if uses ~= ONCE and uses ~= CONVERSATION then return count_bound() end

-- The same ask, delivered twice because a connection broke between: it has its lease already.
if state == LEASED and lease == asking_lease then return granted('leased') end

local ended = false
local function end_abandoned()
  if state == LEASED and now >= when then
    give_back(releases_max)
    ended = true
  end
end

local function take()
  state, when, lease, request = LEASED, until_, asking_lease, asking_request
  has_pending, pending = asking ~= nil, asking or NONE
  return granted('leased')
end

if uses == ONCE then
  end_abandoned()
  if state == LIVE then return take() end
  if state == LEASED then return refused('in-flight', ended) end
  if state == SPENT and request == asking_request and replay_from <= when then
    return {'replay', redis.call('GETRANGE', key, HEAD_LEN, -1)}
  end
  return refused('spent', ended)
end

if asking == nil then return {'binding-absent'} end
if has_bound then
  if bound == asking then return count_bound() end
  return {'other-conversation'}
end
end_abandoned()
if state == LIVE then return take() end
if state == LEASED then
  if has_pending and pending == asking then
    has_bound, bound = true, asking
    return count_bound()
  end
  return refused('in-flight', ended)
end
return refused('spent', ended)
