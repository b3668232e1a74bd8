-- Follows boards.lua. Counts what is left of articles' views afresh from the buckets. ARGV: now, then ids.
local now = tonumber(ARGV[1])
local newest = advance(now)
recount_decayed({unpack(ARGV, 2)}, tonumber(redis.call('HGET', CLOCK, 'landmark')), newest, now)
