// Package vault keeps the key-encryption key in the transit engine of HashiCorp
// Vault, or of OpenBao, which speaks the same: the key never leaves it, this
// process sends data keys to be wrapped and unwrapped.
//
// Invariants: what is wrapped is bound to its bank and id by associated data; no
// token, key or answer's text stands in an error or a log; a redirect is not
// followed, since it would carry the token along; a refusal is said at once, what
// may pass is tried three times.
//
// Life: New makes a KEK, which holds nothing that must be closed. The token is
// read anew from its file when it is refused, so that an agent may renew it.
//
// It may import pii and the standard library.
package vault
