-- Replaces what is known of a sale, if nothing changed since it was looked at.
-- KEYS[1] state hash (left, epoch, changes)   KEYS[2] claims hash
-- ARGV[1] version (epoch:changes) that must be there, '' for an unknown sale
-- ARGV[2] left   ARGV[3] new epoch   ARGV[4] milliseconds to live
-- ARGV[5..] viewer, units, viewer, units …
-- Results: 0 changed meanwhile (nothing done), 1 set
local version = ''
if redis.call('EXISTS', KEYS[1]) == 1 then
  local s = redis.call('HMGET', KEYS[1], 'epoch', 'changes')
  version = (s[1] or '') .. ':' .. (s[2] or '')
end
if version ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('HSET', KEYS[1], 'left', ARGV[2], 'epoch', ARGV[3], 'changes', '0')
redis.call('PEXPIRE', KEYS[1], ARGV[4])
for i = 5, #ARGV, 2 do
  redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
end
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return 1
