-- Follows shown.lua. Counts a click on a place of a box that the visitor was shown, each place once: counted, repeat or
-- unseen. It belongs to the day of the impression, so that no day has more clicks on a place than it was shown.
-- More constants: CLICKS, what the name of every day's clicks begins with.
-- KEYS: shown, shown under yesterday's salt. ARGV: now, place, field of the place, field of the box.
local place = ARGV[2] .. ' '
local key, second, clicked = remembered(KEYS, tonumber(ARGV[1]))
if not key then return 'unseen' end
if string.find(clicked, ' ' .. place, 1, true) then return 'repeat' end
redis.call('APPEND', key, place)
local clicks = CLICKS .. string.format('%d', math.floor(second / 86400))
redis.call('HINCRBY', clicks, ARGV[3], 1)
if clicked == ' ' then redis.call('HINCRBY', clicks, ARGV[4], 1) end
return 'counted'
