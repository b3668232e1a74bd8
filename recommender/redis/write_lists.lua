-- Writes lists of a version that is not published yet. A run that has lost its lock may write no more: the next one
-- has cleared its entries, and these would stay for ever.
-- KEYS: lock, lists. ARGV: token, then article id and list in turn. Returns 1, or 0 when the lock is lost.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
return 1
