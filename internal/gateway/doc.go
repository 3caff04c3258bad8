// Package gateway speaks to the bank on the other side over HTTP: payments,
// card binding, SMS and the card core (CONTRACT §8).
//
// An answer is definite (a result, or *Refusal with the bank's code) or unknown
// (ErrUnknown: no answer, a time-out, a 5xx). Unknown is never taken for no: the
// caller asks again with the same number, and every call here is idempotent by
// the number that we give.
//
// The domains declare the few methods that they need; *Client has them all.
package gateway
