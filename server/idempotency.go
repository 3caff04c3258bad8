package server

import (
	"context"

	"yinbo/internal/auth"
	"yinbo/internal/idem"
)

// Keyed is embedded in the inputs of routes that create money, stock or an
// application.
type Keyed struct {
	Key     string `header:"Idempotency-Key" doc:"1 to 128 visible ASCII characters; the same key and body give the first answer again"`
	RawBody []byte
}

// idem names the attempt; admit has seen to it that the key is good.
func (s *Server) idem(ctx context.Context, route string, k Keyed) (idem.Request, error) {
	p := auth.From(ctx)
	hash, err := s.bodyHash(ctx, k)
	return idem.Request{Bank: p.Bank.ID, Person: p.ID, Route: route, Key: k.Key, BodyHash: hash}, err
}

func (s *Server) bodyHash(ctx context.Context, k Keyed) (string, error) {
	return s.Keys.Hash(ctx, auth.From(ctx).Bank.ID, bodyPurpose, string(k.RawBody))
}

// bodyPurpose keeps hashes of bodies apart from others.
const bodyPurpose = "body"

func goodKey(k string) bool {
	if len(k) == 0 || len(k) > 128 {
		return false
	}
	for i := range len(k) {
		if k[i] < 0x21 || k[i] > 0x7e {
			return false
		}
	}
	return true
}
