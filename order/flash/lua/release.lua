-- Gives units of a viewer back to a sale, or adds new ones.
-- KEYS[1] state hash (left, epoch, changes)   KEYS[2] claims hash
-- ARGV[1] epoch   ARGV[2] viewer, '' for new units   ARGV[3] units
-- Results: 0 no picture of that epoch (nothing done), 1 released
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return 0 end
redis.call('HINCRBY', KEYS[1], 'left', ARGV[3])
redis.call('HINCRBY', KEYS[1], 'changes', 1)
if ARGV[2] ~= '' and redis.call('HINCRBY', KEYS[2], ARGV[2], '-' .. ARGV[3]) <= 0 then
  redis.call('HDEL', KEYS[2], ARGV[2])
end
return 1
