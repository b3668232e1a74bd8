-- Moves the pointer to a version that is written whole, tells of its run in the history, and drops the oldest versions
-- beyond those to keep.
-- KEYS: lock, current, versions, staging, runs. ARGV: token, version, facts (JSON), how many to keep, how many runs are
-- remembered, prefix and suffix of the lists' keys. Returns 1, or 0 when the lock is lost.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[3], ARGV[2], ARGV[3])
redis.call('HDEL', KEYS[4], ARGV[2])
redis.call('SET', KEYS[2], ARGV[2])
redis.call('LPUSH', KEYS[5], ARGV[3])
redis.call('LTRIM', KEYS[5], 0, ARGV[5] - 1)
local versions = redis.call('HKEYS', KEYS[3])
table.sort(versions)
for i = 1, #versions - tonumber(ARGV[4]) do
  if versions[i] ~= ARGV[2] then
    redis.call('HDEL', KEYS[3], versions[i])
    redis.call('UNLINK', ARGV[6] .. versions[i] .. ARGV[7])
  end
end
return 1
