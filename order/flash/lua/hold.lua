-- Takes units of a sale for a viewer.
-- KEYS[1] state hash (left, epoch, changes)   KEYS[2] claims hash
-- ARGV[1] viewer   ARGV[2] units   ARGV[3] limit of a viewer
-- Results: 0 unknown sale, 1 held, 2 too few left, 3 over the viewer's limit
local left = redis.call('HGET', KEYS[1], 'left')
if not left then return 0 end
local n = tonumber(ARGV[2])
local claim = tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or '0')
if claim + n > tonumber(ARGV[3]) then return 3 end
if tonumber(left) < n then return 2 end
redis.call('HINCRBY', KEYS[1], 'left', -n)
redis.call('HINCRBY', KEYS[1], 'changes', 1)
redis.call('HINCRBY', KEYS[2], ARGV[1], n)
redis.call('PEXPIRE', KEYS[2], redis.call('PTTL', KEYS[1]))
return 1
