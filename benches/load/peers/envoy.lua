-- Envoy: the swap in its Lua filter, spliced as text or through a decoded document.
-- Envoy gives a script no MAC and no base64: the MAC is OpenSSL's through FFI.
package.path = "@PEERS@/?.lua;" .. package.path
local ffi = require("ffi")
local same, mac
local CENTER, TENANT, WAY = "@CENTER@", "@TENANT@", "@WAY@"
local file = io.open("@WORK@/peer.key", "rb")
mac = require("hmac")(file:read("*a"))
file:close()
same = require("same")
local slot = require("slot")
local json = require("json")
local vault = {}
for line in io.lines("@HANDLES@") do
  local id, members = line:match("^(%x+)\t(.*)$")
  vault[id:gsub("%x%x", function(two) return string.char(tonumber(two, 16)) end)] = members
end

local bit = require("bit")
local alphabet, values = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", ffi.new("int8_t[256]", -1)
for at = 0, 255 do values[at] = -1 end
for at = 1, 64 do values[alphabet:byte(at)] = at - 1 end
local bytes = ffi.new("uint8_t[54]")
local function decode(text)
  local to = 0
  for at = 1, 72, 4 do
    local a, b, c, d = text:byte(at, at + 3)
    local word = values[a] * 262144 + values[b] * 4096 + values[c] * 64 + values[d]
    if bit.bor(values[a], values[b], values[c], values[d]) < 0 then return end
    bytes[to], bytes[to + 1], bytes[to + 2] = bit.rshift(word, 16), bit.band(bit.rshift(word, 8), 255), bit.band(word, 255)
    to = to + 3
  end
  return ffi.string(bytes, 54)
end

local function members(handle)
  if #handle ~= 77 or handle:sub(1, 5) ~= "klk1_" then return end
  local bytes = decode(handle:sub(6))
  if not bytes then return end
  local signed = bytes:sub(1, 38)
  if not same(mac(TENANT .. "\0" .. signed), bytes:sub(39)) then return end
  local a, b, c, d = bytes:byte(35, 38)
  if ((a * 256 + b) * 256 + c) * 256 + d < os.time() then return end
  return vault[bytes:sub(1, 16)]
end

local function swapped(body)
  if WAY == "json" then
    local ok, document = pcall(json.decode, body)
    local context = ok and type(document) == "table" and document.context
    local handle = type(context) == "table" and context.storedContextId
    local found = type(handle) == "string" and members(handle)
    if not found then return end
    context.storedContextId = nil
    for name, value in pairs(json.decode("{" .. found .. "}")) do context[name] = value end
    return json.encode(document)
  end
  local first, last, handle = slot(body)
  local found = first and members(handle)
  return found and body:sub(1, first - 1) .. found .. body:sub(last + 1)
end

function envoy_on_request(call)
  local headers = call:headers()
  if headers:get("contactcenterid") ~= CENTER then return call:respond({ [":status"] = "403" }, "") end
  if headers:get(":method") ~= "POST" then return end
  local buffer = call:body()
  local body = buffer and swapped(buffer:getBytes(0, buffer:length()))
  if not body then return call:respond({ [":status"] = "403" }, "") end
  headers:replace("content-length", tostring(buffer:setBytes(body)))
end
