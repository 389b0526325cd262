-- For wrk: each connection waits before its next request, PAUSE_MS on average, so that the load has a rate and not only a
-- number of connections. The wait does not count as latency.
local longest = 2 * tonumber(os.getenv("PAUSE_MS"))

function delay()
  return math.random(0, longest)
end
