-- Follows rehome.lua. Stores cards, and keeps the lists of latest articles and the sections' boards in step with them.
-- KEYS: cards, sections. ARGV: prefix of the latest lists, boards of all sections (JSON), then for each card: id, JSON,
-- Unix second it sorts by.
local cards, sections, latest, boards = KEYS[1], KEYS[2], ARGV[1], cjson.decode(ARGV[2])
for i = 3, #ARGV, 3 do
  local id, json, second = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local before = redis.call('HGET', cards, id)
  local old_key = before and cjson.decode(before).section_key or ''
  local card = cjson.decode(json)
  local key = card.section_key or ''
  if old_key ~= key then
    if old_key ~= '' then redis.call('ZREM', latest .. old_key, id) end
    rehome(boards, id, old_key, key)
  end
  redis.call('HSET', cards, id, json)
  redis.call('ZADD', latest, second, id)
  if key ~= '' then
    redis.call('ZADD', latest .. key, second, id)
    redis.call('HSET', sections, key, card.section)
  end
end
