-- Follows boards.lua. ARGV: now. Returns the second at which a decayed view counts 1.
if redis.call('HEXISTS', CLOCK, 'newest') == 1 then advance(tonumber(ARGV[1])) end
return redis.call('HGET', CLOCK, 'landmark') or '0'
