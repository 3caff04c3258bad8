-- Gives units of a viewer back to a sale.
-- KEYS[1] state hash (left, epoch, changes)   KEYS[2] claims hash
-- ARGV[1] viewer   ARGV[2] units
-- Results: 0 unknown sale (nothing done), 1 released
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HINCRBY', KEYS[1], 'left', ARGV[2])
redis.call('HINCRBY', KEYS[1], 'changes', 1)
if redis.call('HINCRBY', KEYS[2], ARGV[1], '-' .. ARGV[2]) <= 0 then
  redis.call('HDEL', KEYS[2], ARGV[1])
end
return 1
