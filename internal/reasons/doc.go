// Package reasons takes long numbers out of what staff wrote as a reason or a
// note before audit.Reason did so at once: what nobody could have put there today.
//
// Only the rows' own texts change, nothing that is hashed or sealed: the digests of
// proofs are of their items. The audit chain is not rewritten; what it was told then
// stays in it, and so it does in files that were taken and in backups. Each piece
// that was cleaned stands in the chain. Run again, it finds nothing.
//
// It imports internal/audit and internal/db.
package reasons
