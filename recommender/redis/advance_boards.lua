-- Follows advance.lua. KEYS: clock, sections. ARGV: windows (JSON), now, board prefix, bucket prefix.
-- Returns the second at which a decayed view counts 1.
advance(cjson.decode(ARGV[1]), tonumber(ARGV[2]), KEYS[1], ARGV[3], ARGV[4], KEYS[2])
return redis.call('HGET', KEYS[1], 'landmark') or '0'
