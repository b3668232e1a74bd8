-- What the scripts that count views share: buckets, boards, and the clock that boards go by.
-- Before it stand the constants of the site (counters.py): CLOCK, SECTIONS, CARDS, OUTCOMES, VIEWED, DECAYED, BUCKET, WINDOWS,
-- SPANS, BOARD_SIZE, HISTORY_ARTICLES, BOXED_WEIGHT.
-- A bucket is a hash: article id -> views, and line feed, article id -> views that came from the trending box.
-- A section's board is the board of all, cut to the section's articles.
local TICK, SLACK = SPANS[1].seconds, 2 * SPANS[1].seconds

local function bucket(seconds, number)
  return BUCKET .. seconds .. ':' .. string.format('%d', number)
end

local function plain(field)
  return string.sub(field, 1, 1) == '\n' and string.sub(field, 2) or field
end

local function section_of(id)
  local card = redis.call('HGET', CARDS, id)
  return card and cjson.decode(card).section_key or ''
end

local function note(outcome, views, now)
  redis.call('HINCRBY', OUTCOMES, outcome, views)
  local day = OUTCOMES .. ':' .. string.format('%d', math.floor(now / 86400))
  if redis.call('HINCRBY', day, outcome, views) == views then redis.call('EXPIRE', day, SPANS[#SPANS].kept_s) end
end

-- Adds views (or takes them off) on one viewed board and its section's.
local function add_viewed(window, id, section, views)
  local board = VIEWED .. window.name .. ':'
  local total = redis.call('ZINCRBY', board, views, id)
  if tonumber(total) > 0 then
    if section ~= '' then redis.call('ZADD', board .. section, total, id) end
  else
    redis.call('ZREM', board, id)
    if section ~= '' then redis.call('ZREM', board .. section, id) end
  end
end

-- log2(2^a + 2^b), where either may be beyond what a double holds.
local function log_sum(a, b)
  local high, low = math.max(a, b), math.min(a, b)
  return high + math.log(1 + 2 ^ (low - high)) / math.log(2)
end

local function set_decayed(key, id, score)
  -- Cut with slack, so that a newcomer is not the one to go before it has had a chance to climb.
  if redis.call('ZADD', key, score, id) == 1 and redis.call('ZCARD', key) > 1.1 * BOARD_SIZE then
    redis.call('ZREMRANGEBYRANK', key, 0, -BOARD_SIZE - 1)
  end
end

-- Forward decay: a view at t adds 2^((t - landmark) / half-life), and the logarithm of the sum is kept.
local function add_decayed(window, id, section, exponent)
  local board = DECAYED .. window.name .. ':'
  local score = redis.call('ZSCORE', board, id) or (section ~= '' and redis.call('ZSCORE', board .. section, id))
  if score then exponent = log_sum(tonumber(score), exponent) end
  set_decayed(board, id, exponent)
  if section ~= '' then set_decayed(board .. section, id, exponent) end
end

-- Drops the least viewed articles of a bucket that holds too many, from the boards it counts on too.
local function trim(span, number, newest)
  local key, views, ids = bucket(span.seconds, number), {}, {}
  local found = redis.call('HGETALL', key)
  for i = 1, #found, 2 do
    local id = plain(found[i])
    if not views[id] then ids[#ids + 1] = id end
    views[id] = (views[id] or 0) + found[i + 1]
  end
  table.sort(ids, function(a, b) return views[a] < views[b] or (views[a] == views[b] and a < b) end)
  for i = 1, #ids - HISTORY_ARTICLES do
    redis.call('HDEL', key, ids[i], '\n' .. ids[i])
    for _, window in ipairs(WINDOWS) do
      if window.bucket_s == span.seconds and number > math.floor(newest / span.seconds) - window.buckets then
        add_viewed(window, ids[i], section_of(ids[i]), -views[ids[i]])
      end
    end
  end
end

-- Bounds a bucket to which fields were added: in time, and in size.
local function bound(span, number, added, left, newest)
  local fields = redis.call('HLEN', bucket(span.seconds, number))
  if fields == added then redis.call('EXPIRE', bucket(span.seconds, number), left) end
  if fields > 2.2 * HISTORY_ARTICLES then trim(span, number, newest) end
end

-- Seconds until a bucket's time is over.
local function time_left(span, number, newest)
  return (number + 1) * span.seconds + span.kept_s - newest
end

-- Adds views to one bucket, unless its time is over.
local function fill(span, number, field, views, newest)
  local left = time_left(span, number, newest)
  if left > 0 and redis.call('HINCRBY', bucket(span.seconds, number), field, views) == views then
    bound(span, number, 1, left, newest)
  end
end

-- Takes the views of buckets that have left a window off its boards.
local function leave(window, first, last)
  if last - first + 1 >= window.buckets then
    local board = VIEWED .. window.name .. ':'
    redis.call('UNLINK', board)
    for _, section in ipairs(redis.call('HKEYS', SECTIONS)) do redis.call('UNLINK', board .. section) end
    return
  end
  for number = first, last do
    local found = redis.call('HGETALL', bucket(window.bucket_s, number))
    for i = 1, #found, 2 do
      local id = plain(found[i])
      add_viewed(window, id, section_of(id), -found[i + 1])
    end
  end
end

-- Calls a function with the number of each bucket from `first` to `last` that may hold views: those until `newest`, and
-- those that a clock ahead of time filled until it was at `seen`.
local function each_kept(span, first, last, newest, seen, visit)
  local now_number, kept = math.floor(newest / span.seconds), math.floor(span.kept_s / span.seconds)
  for number = first, math.min(last, now_number) do visit(number) end
  for number = math.max(first, now_number + 1, math.floor(seen / span.seconds) - kept), last do visit(number) end
end

-- Counts what is left of an article's views afresh from the buckets, each view at the middle of its bucket.
local function recount_decayed(ids, landmark, newest, now)
  local sums, fields = {}, {}
  for i, id in ipairs(ids) do
    fields[2 * i - 1], fields[2 * i] = id, '\n' .. id
    sums[id] = {}
  end
  local fine, coarse = SPANS[1], SPANS[2]
  local border = math.ceil((newest - fine.kept_s) / coarse.seconds) * coarse.seconds
  local function take(span, first, last)
    for number = first, last do
      local moment = math.min((number + 0.5) * span.seconds, now) - landmark
      for i, views in ipairs(redis.call('HMGET', bucket(span.seconds, number), unpack(fields))) do
        local weight = (tonumber(views) or 0) * (i % 2 == 1 and 1 or BOXED_WEIGHT)
        if weight > 0 then
          local sum = sums[ids[math.ceil(i / 2)]]
          for w, window in ipairs(WINDOWS) do
            local exponent = moment / window.half_life_s + math.log(weight) / math.log(2)
            sum[w] = sum[w] and log_sum(sum[w], exponent) or exponent
          end
        end
      end
    end
  end
  take(coarse, math.floor((newest - coarse.kept_s) / coarse.seconds), border / coarse.seconds - 1)
  take(fine, border / fine.seconds, math.floor(newest / fine.seconds))
  for id, sum in pairs(sums) do
    local section = section_of(id)
    for w, window in ipairs(WINDOWS) do
      local board = DECAYED .. window.name .. ':'
      redis.call('ZREM', board, id)
      if section ~= '' then redis.call('ZREM', board .. section, id) end
      if sum[w] then add_decayed(window, id, section, sum[w]) end
    end
  end
end

-- The clock was ahead and has been set back. What it counted meanwhile counts as of now: those views would otherwise
-- outweigh, for as long as the clock was ahead, all that come.
local function turn_back(seen, newest, now)
  for _, window in ipairs(WINDOWS) do
    local span
    for _, one in ipairs(SPANS) do if one.seconds == window.bucket_s then span = one end end
    local first = math.floor(newest / span.seconds) - window.buckets + 1
    each_kept(span, first, math.floor(seen / span.seconds) - window.buckets, newest, seen, function(number)
      local found = redis.call('HGETALL', bucket(span.seconds, number))
      for i = 1, #found, 2 do
        local id = plain(found[i])
        add_viewed(window, id, section_of(id), found[i + 1])
      end
    end)
  end
  local ahead, ids = {}, {}
  for _, span in ipairs(SPANS) do
    local number = math.floor(newest / span.seconds)
    each_kept(span, number + 1, math.floor(seen / span.seconds), newest, seen, function(later)
      local found = redis.call('HGETALL', bucket(span.seconds, later))
      for i = 1, #found, 2 do
        fill(span, number, found[i], tonumber(found[i + 1]), newest)
        ahead[plain(found[i])] = true
      end
      redis.call('UNLINK', bucket(span.seconds, later))
    end)
  end
  local landmark = tonumber(redis.call('HGET', CLOCK, 'landmark'))
  for id in pairs(ahead) do
    ids[#ids + 1] = id
    if #ids == 1000 then
      recount_decayed(ids, landmark, newest, now)
      ids = {}
    end
  end
  if #ids > 0 then recount_decayed(ids, landmark, newest, now) end
end

-- Lets the boards go by the clock; returns the start of the newest bucket. Clocks of several hosts differ a little: a
-- view up to ten minutes late is no clock set back.
local function advance(now)
  local newest = math.floor(now / TICK) * TICK
  local seen = tonumber(redis.call('HGET', CLOCK, 'newest'))
  if seen and newest <= seen and newest >= seen - SLACK then return seen end
  redis.call('HSET', CLOCK, 'newest', newest)
  if not seen then
    redis.call('HSETNX', CLOCK, 'landmark', now - now % 86400)
  elseif newest > seen then
    for _, window in ipairs(WINDOWS) do
      local first = math.floor(seen / window.bucket_s) - window.buckets + 1
      leave(window, first, math.floor(newest / window.bucket_s) - window.buckets)
    end
  else
    turn_back(seen, newest, now)
  end
  return newest
end
