package voucher

// What tests look at from outside.
var (
	NewCode = newCode
	Parse   = parse
	Split   = split
)

// Alphabet is what codes are made of.
const Alphabet = alphabet
