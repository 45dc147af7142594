-- nginx: what is made once. The store is a shared dictionary, as it must be where
-- another location issues handles and several workers redeem them.
package.path = PEERS .. "/?.lua;" .. package.path
HMAC = require("hmac")
SAME = require("same")
CENTERS = { [CENTER] = TENANT }
local key = io.open(WORK .. "/peer.key", "rb"):read("*a")
MAC = HMAC(key)
HEX = setmetatable({}, { __index = function(all, char)
  all[char] = ("%02x"):format(char:byte())
  return all[char]
end })
local vault = ngx.shared.vault
for line in io.lines(HANDLES) do
  local id, members = line:match("^(%x+)\t(.*)$")
  local ok, why, evicted = vault:set(id, members)
  assert(ok and not evicted, why)
end
