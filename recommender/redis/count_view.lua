-- Follows advance.lua. Counts one view, or says why not: counted, unknown, replayed, repeated, or the reason given.
-- KEYS: clock, sections, cards, outcomes, event, visit, visit under yesterday's salt, the visitor's trail.
-- ARGV: windows (JSON), now, board prefix, bucket prefix, article id, reason to filter or empty, whether there is an
--       event id (1 or 0), whether there is a visitor, seconds to remember events, seconds a visitor counts once,
--       members to which a decayed board is cut when a tenth more are on it, prefix of the sets of shared readers,
--       how many articles a trail holds (0: no trails), seconds it lives, half-life of shared readers in seconds,
--       members to which a set of shared readers is cut, seconds it lives unread.
local windows, now, board, bucket = cjson.decode(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4]
local clock, sections, cards, outcomes, event, visit, old_visit, trail = unpack(KEYS)
local id, reason, has_event, has_visitor = ARGV[5], ARGV[6], ARGV[7] == '1', ARGV[8] == '1'
local event_memory, visitor_pause, board_size = ARGV[9], tonumber(ARGV[10]), tonumber(ARGV[11])
local readers, trail_length, trail_s, readers_half_life_s = ARGV[12], tonumber(ARGV[13]), ARGV[14], tonumber(ARGV[15])
local readers_kept, readers_s = tonumber(ARGV[16]), ARGV[17]

local function visited(key)
  local before = tonumber(redis.call('GET', key))
  return before and math.abs(now - before) < visitor_pause
end

local function outcome()
  if reason ~= '' then return reason end
  local card = redis.call('HGET', cards, id)
  if not card then return 'unknown' end
  if has_event and not redis.call('SET', event, 1, 'NX', 'EX', event_memory) then return 'replayed' end
  if has_visitor then
    if visited(visit) or visited(old_visit) then return 'repeated' end
    redis.call('SET', visit, ARGV[2], 'EX', visitor_pause)
  end
  return 'counted', cjson.decode(card).section_key or ''
end

-- Forward decay: a view at t adds 2^((t - landmark) / half-life). Its logarithm is kept, which never overflows.
local function decay(key, exponent)
  local score = tonumber(redis.call('ZSCORE', key, id))
  if score then
    local high, low = math.max(score, exponent), math.min(score, exponent)
    exponent = high + math.log(1 + 2 ^ (low - high)) / math.log(2)
  end
  redis.call('ZADD', key, string.format('%.17g', exponent), id)
  -- Cut with slack, so that a newcomer is not the one to go before it has had a chance to climb.
  if not score and redis.call('ZCARD', key) > 1.1 * board_size then
    redis.call('ZREMRANGEBYRANK', key, 0, -board_size - 1)
  end
end

-- Two windows may share a span; each bucket is counted once, and kept until the longest has let go of it.
local function fill_buckets(field)
  local keep = {}
  for _, window in ipairs(windows) do
    keep[window.bucket_s] = math.max(keep[window.bucket_s] or 0, 2 * window.seconds + 2 * window.bucket_s)
  end
  for span, seconds in pairs(keep) do
    local key = bucket .. span .. ':' .. string.format('%d', math.floor(now / span))
    if redis.call('HINCRBY', key, field, 1) == 1 then redis.call('EXPIRE', key, seconds) end
  end
end

-- A reader of several articles is one that they share. The weight of a reader grows, so that old ones fade.
local function share(one, other, weight)
  local key = readers .. one
  redis.call('ZINCRBY', key, weight, other)
  if redis.call('ZCARD', key) > 1.2 * readers_kept then redis.call('ZREMRANGEBYRANK', key, 0, -readers_kept - 1) end
  redis.call('EXPIRE', key, readers_s)
end

local function follow(landmark)
  local before = redis.call('LRANGE', trail, 0, -1)
  for _, other in ipairs(before) do
    if other == id then return end
  end
  local weight = string.format('%.17g', 2 ^ ((now - landmark) / readers_half_life_s))
  share(id, id, weight)
  for _, other in ipairs(before) do
    share(id, other, weight)
    share(other, id, weight)
  end
  redis.call('LPUSH', trail, id)
  redis.call('LTRIM', trail, 0, trail_length - 1)
  redis.call('EXPIRE', trail, trail_s)
end

local result, section = outcome()
redis.call('HINCRBY', outcomes, result, 1)
if result ~= 'counted' then return result end

advance(windows, now, clock, board, bucket, sections)
redis.call('HSETNX', clock, 'landmark', string.format('%d', now - now % 86400))
local landmark = tonumber(redis.call('HGET', clock, 'landmark'))
fill_buckets(section .. '\n' .. id)
if has_visitor and trail_length > 0 then follow(landmark) end
for _, window in ipairs(windows) do
  local exponent = (now - landmark) / window.half_life_s
  -- A view told late, when its bucket has left the window already, would never be taken off again.
  local newest = tonumber(redis.call('HGET', clock, window.name))
  local inside = math.floor(now / window.bucket_s) > newest - window.buckets
  for _, part in ipairs(section == '' and {''} or {'', section}) do
    if inside then redis.call('ZINCRBY', board .. 'viewed:' .. window.name .. ':' .. part, 1, id) end
    decay(board .. 'decayed:' .. window.name .. ':' .. part, exponent)
  end
end
return result
