-- wrk: chat messages of about 1 KiB, each with one of the handles in the file
-- named by HANDLES (one a line); counts answers that are not 200.
local handles = {}
for line in io.lines(os.getenv("HANDLES")) do handles[#handles + 1] = line end
local text = string.rep("Where is my order? ", 45)
local at = 0

request = function()
  at = at % #handles + 1
  local body = '{"text":"' .. text .. '","context":{"href":"https://shop.example/cart","storedContextId":"' .. handles[at] .. '"}}'
  return wrk.format("POST", "/api/v1/messaging/chat/default/send-message", { ["Content-Type"] = "application/json" }, body)
end

local threads = {}
setup = function(thread) threads[#threads + 1] = thread end
bad = 0
response = function(status) if status ~= 200 then bad = bad + 1 end end

done = function(summary)
  local all = 0
  for _, thread in ipairs(threads) do all = all + thread:get("bad") end
  print(string.format("requests %d, answers other than 200: %d, socket errors: %d", summary.requests, all,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
