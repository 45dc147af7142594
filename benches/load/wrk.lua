-- wrk: sends the requests of the file named by REQUESTS in turn, one a line, line
-- ends written out; ends with counts that a program can read.
-- With HANDLES the one request of the file gets a handle of that file in the place of
-- "@", any of them.
local all, at, handles = {}, 0, {}
for line in io.lines(os.getenv("REQUESTS")) do all[#all + 1] = (line:gsub("\\r\\n", "\r\n")) end

if os.getenv("HANDLES") then
  for line in io.lines(os.getenv("HANDLES")) do handles[#handles + 1] = line end
  local before, after = all[1]:match("^([^@]*)@(.*)$")
  request = function()
    return before .. handles[math.random(#handles)] .. after
  end
else
  request = function()
    at = at % #all + 1
    return all[at]
  end
end

done = function(summary, latency)
  local errors = summary.errors
  print(string.format("RESULT %d %d %d %d %d %d", summary.requests, summary.duration, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout, latency:percentile(50), latency:percentile(99)))
end
