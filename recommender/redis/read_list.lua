-- KEYS: current. ARGV: prefix and suffix of the lists' keys, and the fields to look at in turn: an article's list by a
-- variant, if one is asked for, and the site's. Returns the version and the first list that is there, of one version
-- whatever is published meanwhile; nil before the first.
local version = redis.call('GET', KEYS[1])
if not version then return nil end
for i = 3, #ARGV do
  local list = redis.call('HGET', ARGV[1] .. version .. ARGV[2], ARGV[i])
  if list then return {version, list} end
end
return {version, false}
