package flash

import "time"

// Keys of Redis. The braces keep a sale's keys in one slot of a cluster.

// stateKey is a hash: left, epoch, changes.
func stateKey(sale string) string { return "yinbo:flash:{" + sale + "}:state" }

// claimsKey is a hash: viewer → units held or sold.
func claimsKey(sale string) string { return "yinbo:flash:{" + sale + "}:claims" }

// keyTTL lets Redis forget sales; one that is still on is set again.
const keyTTL = 48 * time.Hour
