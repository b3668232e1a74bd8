-- Returns who was read with each of some articles: for each that was read with any its number among the keys, from 0, and
-- others and shares of readers in turn.
-- KEYS: the readers of each.
local found = {}
for number, key in ipairs(KEYS) do
  local shared = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  if #shared > 0 then found[#found + 1] = {number - 1, shared} end
end
return found
