-- Replaces some lists of a version in one step, unless it is not kept any more, or its lists are not those that these
-- were made from.
-- KEYS: versions, lists. ARGV: version, field of the position, position expected (empty: none), position afterwards, then
-- article id and list in turn; an empty list is removed. Returns 1, or 0 when nothing was changed.
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
if (redis.call('HGET', KEYS[2], ARGV[2]) or '') ~= ARGV[3] then return 0 end
for i = 5, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', KEYS[2], ARGV[i])
  else
    redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
  end
end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[4])
return 1
