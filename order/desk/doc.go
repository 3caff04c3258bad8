// Package desk shows orders to the people who look after them: staff, who find
// orders among a million and see everything about one, and the viewer whose
// order it is.
//
// Invariants: personal data is shown masked; an address in clear takes a reason,
// a limit and an audit entry. A search walks an index from the newest order back
// and stops when the page is full; what cannot be walked so is looked up first
// (a viewer by the keyed hash of the phone, SKUs by the product's title). Money
// that came and went back is told as it was, also of an order that it never paid.
//
// A merchant's own account sees the orders that have goods of its own, of them its own
// lines, and where to send those that it sends: an order with goods of several
// merchants is one parcel, and the bank's to send.
//
// Here is nothing that changes an order: that is done by order and its verbs.
//
// It imports internal packages, order, order/payment and order/voucher.
package desk
