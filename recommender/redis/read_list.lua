-- KEYS: current. ARGV: prefix and suffix of the lists' keys, article id. Returns the version and the list, of one
-- version whatever is published meanwhile; nil before the first.
local version = redis.call('GET', KEYS[1])
return version and {version, redis.call('HGET', ARGV[1] .. version .. ARGV[2], ARGV[3])}
