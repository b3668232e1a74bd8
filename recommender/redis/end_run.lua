-- Ends a training run that published nothing: drops what it wrote, and tells of it in the history. Does nothing when the
-- run published after all (its answer was lost on the way), or when another run has cleared it already.
-- KEYS: staging, lists, runs. ARGV: version, what became of it (JSON), how many runs are remembered.
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return end
redis.call('UNLINK', KEYS[2])
redis.call('LPUSH', KEYS[3], ARGV[2])
redis.call('LTRIM', KEYS[3], 0, ARGV[3] - 1)
