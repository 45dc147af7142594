-- HAProxy: an action verifies and looks up, a filter splices the body as text. The
-- MAC and the base64 are HAProxy's own converters.
local TENANT, KEY = "@TENANT@", "@KEY64@"
local slot = require("slot")
local vault = {}
for line in io.lines("@HANDLES@") do
  local id, members = line:match("^(%x+)\t(.*)$")
  vault[id:gsub("%x%x", function(two) return string.char(tonumber(two, 16)) end)] = members
end

local function same(one, other)
  if #one ~= #other then return false end
  local difference = 0
  for at = 1, #one do difference = difference | (one:byte(at) ~ other:byte(at)) end
  return difference == 0
end

local function members(txn, handle)
  if #handle ~= 77 or handle:sub(1, 5) ~= "klk1_" then return end
  local bytes = txn.c:ub64dec(handle:sub(6))
  if not bytes or #bytes ~= 54 then return end
  local signed = bytes:sub(1, 38)
  local mac = txn.c:hmac(TENANT .. "\0" .. signed, "sha256", KEY)
  if not same(mac:sub(1, 16), bytes:sub(39)) then return end
  if string.unpack(">I4", bytes, 35) < core.now().sec then return end
  return vault[bytes:sub(1, 16)]
end

core.register_action("redeem", { "http-req" }, function(txn)
  local body = txn.f:req_body()
  local first, last, handle = slot(body)
  local found = first and members(txn, handle)
  if not found then return txn:set_var("txn.refused", true) end
  local spliced = body:sub(1, first - 1) .. found .. body:sub(last + 1)
  txn.http:req_set_header("content-length", tostring(#spliced))
  txn:set_var("txn.spliced", spliced)
end)

local Splice = { id = "splice", flags = filter.FLT_CFG_FL_HTX }
Splice.__index = Splice
function Splice:new() return setmetatable({}, Splice) end
function Splice:start_analyze(txn, channel)
  if not channel:is_resp() then filter.register_data_filter(self, channel) end
end
function Splice:http_payload(txn, message)
  local spliced = txn:get_var("txn.spliced")
  if spliced and not message:is_resp() then
    txn:unset_var("txn.spliced")
    message:set(spliced)
  end
end
core.register_filter("splice", Splice, function(filter, args) return filter end)
