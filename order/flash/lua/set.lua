-- Replaces the picture of a sale, unless a newer epoch's is there.
-- KEYS[1] state hash (left, epoch, changes)   KEYS[2] claims hash
-- ARGV[1] epoch   ARGV[2] left   ARGV[3] milliseconds to live
-- ARGV[4..] viewer, units, viewer, units …
-- Results: 0 there is a newer one (nothing done), 1 set
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if epoch and epoch > ARGV[1] then return 0 end
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('HSET', KEYS[1], 'left', ARGV[2], 'epoch', ARGV[1], 'changes', '0')
redis.call('PEXPIRE', KEYS[1], ARGV[3])
for i = 4, #ARGV, 2 do
  redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
end
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return 1
