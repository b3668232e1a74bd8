-- A section's board is the board of all, cut to the section's articles: one that moves takes its views along.
local function rehome(boards, id, from, to)
  for _, board in ipairs(boards) do
    if from ~= '' then redis.call('ZREM', board .. from, id) end
    local score = to ~= '' and redis.call('ZSCORE', board, id)
    if score then redis.call('ZADD', board .. to, score, id) end
  end
end
