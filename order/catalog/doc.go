// Package catalog holds what a bank sells: merchants, their products and SKUs,
// and each SKU's stock.
//
// Invariants: a SKU's stock never goes below zero and changes only by Take and
// Return, each one conditional statement within the caller's transaction; units
// of a flash sale are taken out of it while the sale runs. A product with a
// branch is shown to that branch's viewers only. Search looks at the title and
// at the initials of its pinyin, both in lower case.
//
// Lock order: a SKU's row is the last that a transaction takes, and several are
// taken in the order of their ids.
//
// It imports internal/db, clock, fault, id and money, and go-pinyin.
package catalog
