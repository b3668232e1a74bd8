-- Follows shown.lua. Counts a box shown to a visitor, once while it is remembered: counted or repeat.
-- More constants: KEPT_S.
-- KEYS: shown, shown under yesterday's salt, clicks of the day. ARGV: now, fields to count...
local shown, old_shown, clicks = unpack(KEYS)
if remembered({shown, old_shown}, tonumber(ARGV[1])) then return 'repeat' end
redis.call('SET', shown, ARGV[1] .. ' ', 'EX', MEMORY_S)
for i = 2, #ARGV do redis.call('HINCRBY', clicks, ARGV[i], 1) end
redis.call('EXPIRE', clicks, KEPT_S)
return 'counted'
