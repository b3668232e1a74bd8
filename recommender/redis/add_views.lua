-- Follows boards.lua. Adds views that are already filtered, all or none of them: a step of a source that has been
-- added before adds nothing. The boards are as if each view had been counted when it happened.
-- KEYS: clock, the source's last step. ARGV: now, source or empty, step (JSON: two numbers, compared in turn), sums and
-- buckets (JSON), and the articles' ids. Of each article {views, moment, logarithms}: how many, Unix second, and for each
-- window the logarithm of the weight that was decayed to that moment (or false). Of each bucket {seconds, number, places,
-- organic, boxed}: which articles, and their views.
-- Returns how many views were counted, how many were of unknown articles, and how many had been added before.
local last_step, now, source, step = KEYS[2], tonumber(ARGV[1]), ARGV[2], cjson.decode(ARGV[3])
local sums, buckets, ids = cjson.decode(ARGV[4]), cjson.decode(ARGV[5]), {unpack(ARGV, 6)}

local function added_before()
  local last = source ~= '' and redis.call('GET', last_step)
  if not last then return false end
  last = cjson.decode(last)
  return step[1] < last[1] or (step[1] == last[1] and step[2] <= last[2])
end

if added_before() then
  local replayed = 0
  for _, of_article in ipairs(sums) do replayed = replayed + of_article[1] end
  note('replayed', replayed, now)
  return {0, 0, replayed}
end

if source ~= '' then redis.call('SET', last_step, ARGV[3], 'EX', SPANS[#SPANS].kept_s) end
local newest = advance(now)
local landmark = tonumber(redis.call('HGET', CLOCK, 'landmark'))
local counted, unknown, sections = 0, 0, {}
for i, card in ipairs(redis.call('HMGET', CARDS, unpack(ids))) do
  sections[i] = card and (cjson.decode(card).section_key or '')
  if card then counted = counted + sums[i][1] else unknown = unknown + sums[i][1] end
end

-- First the boards, then the buckets: what a full bucket drops is taken off the boards again.
for _, window in ipairs(WINDOWS) do
  local views, first = {}, math.floor(newest / window.bucket_s) - window.buckets + 1
  for _, found in ipairs(buckets) do
    local seconds, number, places, organic, boxed = unpack(found)
    if seconds == window.bucket_s and number >= first then
      for i, place in ipairs(places) do views[place + 1] = (views[place + 1] or 0) + organic[i] + boxed[i] end
    end
  end
  for i, id in ipairs(ids) do
    if sections[i] and views[i] then add_viewed(window, id, sections[i], views[i]) end
  end
end

-- Adds the views of many articles to one bucket, in two commands.
local function fill_many(span, number, places, organic, boxed)
  local left, fields, views, values = time_left(span, number, newest), {}, {}, {}
  local function take(field, some)
    if some > 0 then fields[#fields + 1], views[#views + 1] = field, some end
  end
  for i, place in ipairs(places) do
    if sections[place + 1] then
      take(ids[place + 1], organic[i])
      take('\n' .. ids[place + 1], boxed[i])
    end
  end
  if left <= 0 or #fields == 0 then return end
  local key = bucket(span.seconds, number)
  for i, before in ipairs(redis.call('HMGET', key, unpack(fields))) do
    values[2 * i - 1], values[2 * i] = fields[i], (tonumber(before) or 0) + views[i]
  end
  local added = redis.call('HSET', key, unpack(values))
  if added > 0 then bound(span, number, added, left, newest) end
end

for _, span in ipairs(SPANS) do
  for _, found in ipairs(buckets) do
    if found[1] == span.seconds then fill_many(span, unpack(found, 2)) end
  end
end
for i, id in ipairs(ids) do
  local _, moment, logarithms = unpack(sums[i])
  for w, window in ipairs(sections[i] and WINDOWS or {}) do
    if logarithms[w] then
      add_decayed(window, id, sections[i], (moment - landmark) / window.half_life_s + logarithms[w])
    end
  end
end
if counted > 0 then note('counted', counted, now) end
if unknown > 0 then note('unknown', unknown, now) end
return {counted, unknown, 0}
