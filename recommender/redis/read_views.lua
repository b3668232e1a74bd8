-- The views that some buckets (KEYS) hold of some fields (ARGV), bucket after bucket, 0 where there are none.

local views = {}
for _, bucket in ipairs(KEYS) do
  for _, count in ipairs(redis.call('HMGET', bucket, unpack(ARGV))) do
    views[#views + 1] = tonumber(count) or 0
  end
end
return views
