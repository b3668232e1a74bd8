-- Takes views that have left a window off its `viewed` boards. Does nothing when no bucket has ended since last time.
-- A bucket is a hash whose fields are section key, line feed, article id.
local function advance(windows, now, clock, board, bucket, sections)
  local function take(key, id, views)
    if tonumber(redis.call('ZINCRBY', key, -views, id)) <= 0 then redis.call('ZREM', key, id) end
  end
  for _, window in ipairs(windows) do
    local newest = math.floor(now / window.bucket_s)
    local seen = tonumber(redis.call('HGET', clock, window.name))
    if not seen or newest > seen then redis.call('HSET', clock, window.name, string.format('%d', newest)) end
    if seen and newest - seen >= window.buckets then
      redis.call('DEL', board .. 'viewed:' .. window.name .. ':')
      for _, section in ipairs(redis.call('HKEYS', sections)) do
        redis.call('DEL', board .. 'viewed:' .. window.name .. ':' .. section)
      end
    elseif seen then
      for number = seen - window.buckets + 1, newest - window.buckets do
        local views = redis.call('HGETALL', bucket .. window.bucket_s .. ':' .. string.format('%d', number))
        for i = 1, #views, 2 do
          local section, id = string.match(views[i], '^(.-)\n(.*)$')
          take(board .. 'viewed:' .. window.name .. ':', id, views[i + 1])
          if section ~= '' then take(board .. 'viewed:' .. window.name .. ':' .. section, id, views[i + 1]) end
        end
      end
    end
  end
end
