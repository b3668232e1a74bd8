-- Follows rehome.lua. Stores cards, and keeps the lists of latest articles, the lists by tag and the sections' boards in
-- step with them.
-- KEYS: cards, sections. ARGV: prefix of the latest lists, prefix of the lists by tag, boards of all sections (JSON),
-- then for each card: id, JSON, Unix second it sorts by.
local cards, sections, latest, tagged, boards = KEYS[1], KEYS[2], ARGV[1], ARGV[2], cjson.decode(ARGV[3])
for i = 4, #ARGV, 3 do
  local id, json, second = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local before = redis.call('HGET', cards, id)
  local old = before and cjson.decode(before) or {}
  local old_key = old.section_key or ''
  local card = cjson.decode(json)
  local key = card.section_key or ''
  if old_key ~= key then
    if old_key ~= '' then redis.call('ZREM', latest .. old_key, id) end
    rehome(boards, id, old_key, key)
  end
  for _, tag in ipairs(old.tag_keys or {}) do redis.call('ZREM', tagged .. tag, id) end
  redis.call('HSET', cards, id, json)
  redis.call('ZADD', latest, second, id)
  if key ~= '' then
    redis.call('ZADD', latest .. key, second, id)
    redis.call('HSET', sections, key, card.section)
  end
  for _, tag in ipairs(card.tag_keys or {}) do redis.call('ZADD', tagged .. tag, second, id) end
end
