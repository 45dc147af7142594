-- Where a body has its slot and what handle is in it: the key is sought as plain text,
-- and the pattern is tried only there.
local find = string.find
return function(body)
  local at = find(body, '"storedContextId"', 1, true)
  while at do
    local first, last, handle = find(body, '^"storedContextId"%s*:%s*"([%w_-]+)"', at)
    if first then return first, last, handle end
    at = find(body, '"storedContextId"', at + 1, true)
  end
end
