-- Follows boards.lua. Counts one view, or says why not: unknown, replayed, repeat, network, or the reason given.
-- More constants: EVENT_MEMORY_S, VISITOR_PAUSE_S, NETWORK_SHARE, NETWORK_ALLOWANCE, NETWORKS_KEPT, NETWORKS_S, READERS,
-- TRAIL_LENGTH (0: no trails), TRAIL_S, READERS_HALF_LIFE_S, READERS_KEPT, READERS_S.
-- KEYS: clock, event, visit, visit under yesterday's salt, the visitor's trail, networks of the article's readers today.
-- ARGV: now, article id, reason to filter or empty, whether there is an event id (1 or 0), whether there is a visitor,
--       hash of the network or empty, whether the reader came from the trending box.
local _, event, visit, old_visit, trail, networks = unpack(KEYS)
local now, id, reason, has_event, has_visitor = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4] == '1', ARGV[5] == '1'
local network, boxed = ARGV[6], ARGV[7] == '1'

local function visited(key)
  local before = tonumber(redis.call('GET', key))
  return before and math.abs(now - before) < VISITOR_PAUSE_S
end

-- Whether one more view would give a network more than its share of what the article has counted today.
local function crowded()
  local of_network = tonumber(redis.call('HGET', networks, network)) or 0
  if of_network < NETWORK_ALLOWANCE then return false end
  local today = redis.call('HMGET', bucket(86400, math.floor(now / 86400)), id, '\n' .. id)
  return of_network + 1 > NETWORK_SHARE * ((tonumber(today[1]) or 0) + (tonumber(today[2]) or 0) + 1)
end

-- Nothing is remembered of a view that does not count, so that it cannot fill the memory.
local function outcome()
  if reason ~= '' then return reason end
  local card = redis.call('HGET', CARDS, id)
  if not card then return 'unknown' end
  if has_event and redis.call('EXISTS', event) == 1 then return 'replayed' end
  if has_visitor and (visited(visit) or visited(old_visit)) then return 'repeat' end
  if network ~= '' and crowded() then return 'network' end
  return 'counted', cjson.decode(card).section_key or ''
end

-- An article with very many networks forgets the quietest: none of them is near a share.
local function remember_network()
  if redis.call('HINCRBY', networks, network, 1) > 1 then return end
  local fields = redis.call('HLEN', networks)
  if fields == 1 then redis.call('EXPIRE', networks, NETWORKS_S) end
  if fields > 2 * NETWORKS_KEPT then
    local found, digests = redis.call('HGETALL', networks), {}
    for i = 1, #found, 2 do digests[#digests + 1] = {found[i], tonumber(found[i + 1])} end
    table.sort(digests, function(a, b) return a[2] < b[2] or (a[2] == b[2] and a[1] < b[1]) end)
    for i = 1, #digests - NETWORKS_KEPT do redis.call('HDEL', networks, digests[i][1]) end
  end
end

-- A reader of several articles is one that they share. The weight of a reader grows, so that old ones fade.
local function share(one, other, weight)
  local key = READERS .. one
  redis.call('ZINCRBY', key, weight, other)
  if redis.call('ZCARD', key) > 1.2 * READERS_KEPT then redis.call('ZREMRANGEBYRANK', key, 0, -READERS_KEPT - 1) end
  redis.call('EXPIRE', key, READERS_S)
end

local function follow(landmark)
  local before = redis.call('LRANGE', trail, 0, -1)
  for _, other in ipairs(before) do
    if other == id then return end
  end
  local weight = 2 ^ ((now - landmark) / READERS_HALF_LIFE_S)
  share(id, id, weight)
  for _, other in ipairs(before) do
    share(id, other, weight)
    share(other, id, weight)
  end
  redis.call('LPUSH', trail, id)
  redis.call('LTRIM', trail, 0, TRAIL_LENGTH - 1)
  redis.call('EXPIRE', trail, TRAIL_S)
end

local result, section = outcome()
note(result, 1, now)
if result ~= 'counted' then return result end

if has_event then redis.call('SET', event, 1, 'EX', EVENT_MEMORY_S) end
if has_visitor then redis.call('SET', visit, ARGV[1], 'EX', VISITOR_PAUSE_S) end
if network ~= '' then remember_network() end
local newest = advance(now)
local landmark = tonumber(redis.call('HGET', CLOCK, 'landmark'))
if has_visitor and TRAIL_LENGTH > 0 then follow(landmark) end
for _, window in ipairs(WINDOWS) do
  -- A view whose bucket has left the window already would never be taken off again.
  if math.floor(now / window.bucket_s) > math.floor(newest / window.bucket_s) - window.buckets then
    add_viewed(window, id, section, 1)
  end
  if not boxed then
    add_decayed(window, id, section, (now - landmark) / window.half_life_s)
  elseif BOXED_WEIGHT > 0 then
    add_decayed(window, id, section, (now - landmark) / window.half_life_s + math.log(BOXED_WEIGHT) / math.log(2))
  end
end
for _, span in ipairs(SPANS) do
  fill(span, math.floor(now / span.seconds), (boxed and '\n' or '') .. id, 1, newest)
end
return result
