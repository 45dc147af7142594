-- Forgets a record if it is (still) whose the caller means, and tells what it was and whose ids stand in its index of
-- children. The index stays until it expires: a put that overlaps may have written there what it has not stored yet.
-- KEYS: the record, the index of its children. ARGV: "any", "subject" or "parent", then the fingerprints or ids meant.
local head = redis.call('GETRANGE', KEYS[1], 0, 129)
if ARGV[1] ~= 'any' and #head == 130 then
  local flags = string.byte(head, 4)
  local held = ''
  if ARGV[1] == 'subject' and flags % 2 == 1 then held = string.sub(head, 17, 32) end
  if ARGV[1] == 'parent' and flags >= 2 then held = string.sub(head, 33, 48) end
  local meant = false
  for i = 2, #ARGV do
    if ARGV[i] == held then meant = true end
  end
  if not meant then return {'', {}} end
end
local children = redis.call('ZRANGE', KEYS[2], 0, -1)
if #head > 0 then redis.call('DEL', KEYS[1]) end
return {head, children}
