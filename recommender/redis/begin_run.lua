-- Begins a training run: clears what dead runs left, telling of each in the history, and takes a name for the version,
-- which sorts after every name taken before. A run that has lost its lock may do neither: another has begun.
-- KEYS: lock, staging, last name, runs. ARGV: token, name by the clock, how the run began (JSON), how many runs are
-- remembered, prefix and suffix of the lists' keys. Returns the name, or nil when the lock is lost.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return false end
local left = redis.call('HGETALL', KEYS[2])
for i = 1, #left, 2 do
  local run = cjson.decode(left[i + 1])
  run.run, run.outcome, run.reason = left[i], 'died', 'it was killed, or its machine went away'
  redis.call('LPUSH', KEYS[4], cjson.encode(run))
  redis.call('UNLINK', ARGV[5] .. left[i] .. ARGV[6])
  redis.call('HDEL', KEYS[2], left[i])
end
redis.call('LTRIM', KEYS[4], 0, ARGV[4] - 1)
local name, last = ARGV[2], redis.call('GET', KEYS[3])
if last and name <= last then
  local stem, number = string.match(last, '^(.-Z)%-?(%d*)$')
  name = string.format('%s-%02d', stem, (tonumber(number) or 1) + 1)
end
redis.call('SET', KEYS[3], name)
redis.call('HSET', KEYS[2], name, ARGV[3])
return name
