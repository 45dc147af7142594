-- JSON in plain LuaJIT, for Envoy, which cannot load a C module: enough for chat
-- messages, written for speed (one pass, patterns instead of single characters).
local json = {}
local find, sub, byte, char, gsub = string.find, string.sub, string.byte, string.char, string.gsub
local escapes = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/" }
local value

local function utf8(hex)
  local code = tonumber(hex, 16)
  if code < 128 then return char(code) end
  if code < 2048 then return char(192 + math.floor(code / 64), 128 + code % 64) end
  return char(224 + math.floor(code / 4096), 128 + math.floor(code / 64) % 64, 128 + code % 64)
end

local function text(source, at)
  local from = at + 1
  local stop = from
  while true do
    stop = find(source, '["\\]', stop) or error("open string")
    if byte(source, stop) == 34 then break end
    stop = stop + 2
  end
  local raw = sub(source, from, stop - 1)
  if find(raw, "\\", 1, true) then
    raw = gsub(gsub(raw, "\\u(%x%x%x%x)", utf8), "\\(.)", escapes)
  end
  return raw, stop + 1
end

local function skip(source, at) return find(source, "[^ \t\r\n]", at) or error("ends early") end

local function members(source, at)
  local all, name = {}, nil
  at = skip(source, at + 1)
  if byte(source, at) == 125 then return all, at + 1 end
  while true do
    name, at = text(source, at)
    at = skip(source, at)
    if byte(source, at) ~= 58 then error("no colon") end
    all[name], at = value(source, skip(source, at + 1))
    at = skip(source, at)
    local mark = byte(source, at)
    if mark == 125 then return all, at + 1 end
    if mark ~= 44 then error("no comma") end
    at = skip(source, at + 1)
  end
end

local function elements(source, at)
  local all, count = {}, 0
  at = skip(source, at + 1)
  if byte(source, at) == 93 then return all, at + 1 end
  while true do
    count = count + 1
    all[count], at = value(source, at)
    at = skip(source, at)
    local mark = byte(source, at)
    if mark == 93 then return all, at + 1 end
    if mark ~= 44 then error("no comma") end
    at = skip(source, at + 1)
  end
end

function value(source, at)
  local first = byte(source, at)
  if first == 34 then return text(source, at) end
  if first == 123 then return members(source, at) end
  if first == 91 then return elements(source, at) end
  local _, stop, word = find(source, "^([%w+.-]+)", at)
  if word == "true" then return true, stop + 1 end
  if word == "false" then return false, stop + 1 end
  if word == "null" then return nil, stop + 1 end
  return tonumber(word) or error("no value"), stop + 1
end

function json.decode(source)
  local decoded, at = value(source, skip(source, 1))
  if find(source, "[^ \t\r\n]", at) then error("more than one value") end
  return decoded
end

local function quote(text)
  if find(text, '["\\%c]') then
    text = gsub(text, '["\\%c]', function(one)
      if one == '"' or one == "\\" then return "\\" .. one end
      return ("\\u%04x"):format(byte(one))
    end)
  end
  return '"' .. text .. '"'
end

local function write(one, out)
  local kind = type(one)
  if kind == "string" then
    out[#out + 1] = quote(one)
  elseif kind ~= "table" then
    out[#out + 1] = tostring(one)
  elseif #one > 0 then
    for at = 1, #one do
      out[#out + 1] = at == 1 and "[" or ","
      write(one[at], out)
    end
    out[#out + 1] = "]"
  else
    local mark = "{"
    for name, inner in pairs(one) do
      out[#out + 1] = mark .. quote(name) .. ":"
      write(inner, out)
      mark = ","
    end
    out[#out + 1] = mark == "{" and "{}" or "}"
  end
end

function json.encode(one)
  local out = {}
  write(one, out)
  return table.concat(out)
end

return json
