-- nginx: one call. Says whose it is, then verifies the handle, looks its payload up
-- and puts that in its place: spliced as text, or through a decoded document.
local req = ngx.req
local tenant = CENTERS[ngx.var.http_contactcenterid]
if not tenant then return ngx.exit(403) end
if req.get_method() ~= "POST" then return end

req.read_body()
local body = req.get_body_data()
if not body then return ngx.exit(400) end

local decode = require("ngx.base64").decode_base64url
local function members(handle)
  if #handle ~= 77 or handle:sub(1, 5) ~= "klk1_" then return end
  local bytes = decode(handle:sub(6))
  if not bytes or #bytes ~= 54 then return end
  local signed = bytes:sub(1, 38)
  if not SAME(MAC(tenant .. "\0" .. signed), bytes:sub(39)) then return end
  local a, b, c, d = bytes:byte(35, 38)
  if ((a * 256 + b) * 256 + c) * 256 + d < ngx.time() then return end
  return ngx.shared.vault:get(bytes:sub(1, 16))
end

if ngx.var.way == "json" then
  local cjson = require("cjson")
  local ok, document = pcall(cjson.decode, body)
  local context = ok and type(document) == "table" and document.context
  local handle = type(context) == "table" and context.storedContextId
  if type(handle) ~= "string" then return ngx.exit(400) end
  local found = members(handle)
  if not found then return ngx.exit(403) end
  context.storedContextId = nil
  for name, value in pairs(cjson.decode("{" .. found .. "}")) do context[name] = value end
  return req.set_body_data(cjson.encode(document))
end

local first, last, handle = SLOT(body)
if not first then return ngx.exit(400) end
local found = members(handle)
if not found then return ngx.exit(403) end
req.set_body_data(body:sub(1, first - 1) .. found .. body:sub(last + 1))
