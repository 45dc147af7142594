-- nginx: what is made once. The store is a shared dictionary, as it must be where
-- another location issues handles and several workers redeem them.
package.path = PEERS .. "/?.lua;" .. package.path
HMAC = require("hmac")
SAME = require("same")
SLOT = require("slot")
CENTERS = { [CENTER] = TENANT }
local key = io.open(WORK .. "/peer.key", "rb"):read("*a")
MAC = HMAC(key)
local vault = ngx.shared.vault
for line in io.lines(HANDLES) do
  local id, members = line:match("^(%x+)\t(.*)$")
  id = id:gsub("%x%x", function(two) return string.char(tonumber(two, 16)) end)
  local ok, why, evicted = vault:set(id, members)
  assert(ok and not evicted, why)
end
