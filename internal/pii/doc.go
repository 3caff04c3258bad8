// Package pii seals personal data: class C2 of JR/T 0171-2020 (names, resident
// id numbers, phones, addresses) is stored encrypted, found by keyed hash, and
// shown masked. Class C3 (PAN, CVV, codes) is never stored at all.
//
// Each bank has a data key and a lookup key, wrapped by the key-encryption key
// of the installation. A sealed value names its key, so that keys can rotate.
// The additional data binds bank, table, column and row: a value that is moved
// does not open. Suites: aes-256-gcm with HMAC-SHA-256, and sm4-gcm with
// HMAC-SM3 for banks that must use 国密.
//
// Invariants: Text cannot be printed, marshalled or logged in clear; no function
// here logs; errors name keys and columns, never values.
//
// It imports internal/db, internal/id and the cipher libraries.
package pii
