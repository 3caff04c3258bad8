// Package catalog holds what a bank sells: categories, merchants, their products
// and SKUs, each SKU's stock, and the pictures of goods.
//
// Invariants: a SKU's stock never goes below zero and changes only by Take,
// Return and Move, each one conditional statement within the caller's
// transaction; units of a flash sale are taken out of it while the sale runs.
// A category's name is unique in its bank and is what products say of
// themselves; categories have two levels. A merchant's own code for a SKU is
// unique in the bank. A product with a branch is shown to that branch's viewers
// only: what a list or page shows is by the branch that is asked for, who may
// buy is decided by package order.
//
// A SKU with a per-person limit is counted by Claim in the transaction of the
// order and Unclaim in the one that cancels it: a check on the row bounds what a
// person's orders hold. Orders placed while there was no limit do not count. A
// refund gives no claim back: who was paid back has had the offer, and might buy
// out the goods by turns; the rule bounds how many a person gets at the price,
// and the operator raises it for one whom that wrongs. Flash sales have a limit
// of their own and do not count here.
//
// Search folds width and case and looks at the title, and for Latin words at the
// pinyin, whole and by initials, with the usual second readings of some
// characters; several words must all be found. It is a LIKE over one bank's rows
// of product_search, read in the order of their ids: for 100,000 products of
// which none fits 50 to 100 ms on either engine (BenchmarkSearch); an index
// of n-grams would not be worth.
//
// Lock order: products by id, claims by SKU id, then SKUs by id, which are the
// last goods that a transaction takes; the audit chain after them.
//
// Import of products (ProductLines) is a kind of package bulk.
//
// It imports internal packages, order/bulk, go-pinyin and golang.org/x/image and
// x/text.
package catalog
