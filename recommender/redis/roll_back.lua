-- Moves the pointer to a version that is kept. KEYS: current, versions. ARGV: version. Returns 1, or 0 when it is not.
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 0 then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
return 1
