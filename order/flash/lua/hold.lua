-- Takes units of a sale for a viewer.
-- KEYS[1] state hash (left, epoch, changes)   KEYS[2] claims hash
-- ARGV[1] epoch   ARGV[2] viewer   ARGV[3] units   ARGV[4] limit of a viewer
-- Results: 0 no picture of that epoch, 1 held, 2 too few left, 3 over the viewer's limit
local s = redis.call('HMGET', KEYS[1], 'left', 'epoch')
if not s[1] or s[2] ~= ARGV[1] then return 0 end
local n = tonumber(ARGV[3])
local claim = tonumber(redis.call('HGET', KEYS[2], ARGV[2]) or '0')
if claim + n > tonumber(ARGV[4]) then return 3 end
if tonumber(s[1]) < n then return 2 end
redis.call('HINCRBY', KEYS[1], 'left', -n)
redis.call('HINCRBY', KEYS[1], 'changes', 1)
if redis.call('HSET', KEYS[2], ARGV[2], claim + n) == 1 and redis.call('HLEN', KEYS[2]) == 1 then
  redis.call('PEXPIRE', KEYS[2], redis.call('PTTL', KEYS[1]))
end
return 1
