-- What a visitor was shown of late: "<second of the impression> <place clicked> <place clicked> ".
-- Constants: MEMORY_S.

-- Return the key under which a box is remembered at the moment `now`, the second it was shown, and what was clicked.
local function remembered(keys, now)
  for _, key in ipairs(keys) do
    local second, clicked = string.match(redis.call('GET', key) or '', '^(%S+)( .*)$')
    if second and math.abs(now - second) < MEMORY_S then return key, tonumber(second), clicked end
  end
end
