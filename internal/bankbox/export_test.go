package bankbox

// Rules without a face of their own, for the tests of this package.
var (
	RetryAfter  = retryAfter
	YuanGrouped = yuanGrouped
	LuhnValid   = luhnValid
)
