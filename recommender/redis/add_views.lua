-- Follows boards.lua. Adds views that are already filtered, all or none of them: a step of a source that has been
-- added before adds nothing. The boards are as if each view had been counted when it happened.
-- KEYS: clock, the source's last step. ARGV: now, source or empty, step (JSON: two numbers, compared in turn), and for each article its
-- id and JSON {views, moment, sums, buckets}: how many, seconds since 1970, for each window the logarithm of the weight
-- that was decayed to that moment (or false), and {span, number, organic, boxed} of each bucket.
-- Returns how many views were counted, how many were of unknown articles, and how many had been added before.
local last_step, now, source, step = KEYS[2], tonumber(ARGV[1]), ARGV[2], cjson.decode(ARGV[3])

local function added_before()
  local last = source ~= '' and redis.call('GET', last_step)
  if not last then return false end
  last = cjson.decode(last)
  return step[1] < last[1] or (step[1] == last[1] and step[2] <= last[2])
end

local counted, unknown, replayed = 0, 0, 0
local again = added_before()
if source ~= '' and not again then redis.call('SET', last_step, ARGV[3], 'EX', SPANS[#SPANS].kept_s) end
local newest = advance(now)
local landmark = tonumber(redis.call('HGET', CLOCK, 'landmark'))
for i = 4, #ARGV, 2 do
  local id, article = ARGV[i], cjson.decode(ARGV[i + 1])
  local views, moment, sums, buckets = unpack(article)
  local card = redis.call('HGET', CARDS, id)
  if again then
    replayed = replayed + views
  elseif not card then
    unknown = unknown + views
  else
    counted = counted + views
    local section = cjson.decode(card).section_key or ''
    for _, found in ipairs(buckets) do
      local seconds, number, organic, boxed = unpack(found)
      for _, window in ipairs(WINDOWS) do
        if window.bucket_s == seconds and number > math.floor(newest / seconds) - window.buckets then
          add_viewed(window, id, section, organic + boxed)
        end
      end
      for _, span in ipairs(SPANS) do
        if span.seconds == seconds then
          if organic > 0 then fill(span, number, id, organic, newest) end
          if boxed > 0 then fill(span, number, '\n' .. id, boxed, newest) end
        end
      end
    end
    for w, window in ipairs(WINDOWS) do
      if sums[w] then add_decayed(window, id, section, (moment - landmark) / window.half_life_s + sums[w]) end
    end
  end
end
if counted > 0 then note('counted', counted, now) end
if unknown > 0 then note('unknown', unknown, now) end
if replayed > 0 then note('replayed', replayed, now) end
return {counted, unknown, replayed}
