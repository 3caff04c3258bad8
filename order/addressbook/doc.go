// Package addressbook keeps where a viewer has things sent: up to Most
// addresses, one of them the default.
//
// Invariants: an address is sealed as a whole, bound to its row; lists show it
// masked, in clear it goes to its owner alone. Whoever has addresses has exactly
// one default: the first one is, until another is made it. An order takes a copy
// and seals it anew: changing the book changes no order.
//
// Lock order: the viewer's row, then the addresses. No transaction here touches
// an order.
//
// It imports internal packages and order, for the address itself.
package addressbook
