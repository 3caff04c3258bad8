// Package server is the HTTP face of the product: Gin with huma's adapter, one
// file per resource.
//
// A handler reads its typed input, calls one method of a domain, and gives the
// domain's own view back: the OpenAPI document is generated from those types.
// Errors are *fault.Error of the domains; errors.go turns them, and huma's own
// refusals, into RFC 9457 problems in the person's language.
//
// Invariants: access is decided before a body is read; another bank's object is
// not_found; no handler touches the database.
package server
