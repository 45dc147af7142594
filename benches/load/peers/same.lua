-- Whether two texts of one length are the same, in constant time.
local bit = require("bit")
local byte, bor, bxor = string.byte, bit.bor, bit.bxor
return function(one, other)
  if #one ~= #other then return false end
  local difference = 0
  for at = 1, #one do difference = bor(difference, bxor(byte(one, at), byte(other, at))) end
  return difference == 0
end
