-- Follows rehome.lua. Removes cards: without one an article is in no answer, whatever lists still name it.
-- KEYS: cards. ARGV: prefix of the latest lists, prefix of the lists by tag, boards of all sections (JSON), then ids.
-- Returns how many there were.
local boards, removed = cjson.decode(ARGV[3]), 0
for i = 4, #ARGV do
  local json = redis.call('HGET', KEYS[1], ARGV[i])
  if json then
    local card = cjson.decode(json)
    local key = card.section_key or ''
    redis.call('HDEL', KEYS[1], ARGV[i])
    redis.call('ZREM', ARGV[1], ARGV[i])
    if key ~= '' then redis.call('ZREM', ARGV[1] .. key, ARGV[i]) end
    for _, tag in ipairs(card.tag_keys or {}) do redis.call('ZREM', ARGV[2] .. tag, ARGV[i]) end
    rehome(boards, ARGV[i], key, '')
    removed = removed + 1
  end
end
return removed
