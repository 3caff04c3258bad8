package card

import (
	"context"

	"yinbo/internal/clock"
	"yinbo/internal/db"
)

// OwnConsent is a consent as the person who gave it sees it.
type OwnConsent struct {
	ApplicationID string       `json:"application_id"`
	Document      string       `json:"document"`
	Version       string       `json:"version"`
	Purpose       string       `json:"purpose"`
	Recipient     string       `json:"recipient" doc:"Who is given the data; empty where it stays with the bank"`
	GivenAt       clock.Stamp  `json:"given_at"`
	WithdrawnAt   *clock.Stamp `json:"withdrawn_at"`
}

// Consents gives the last hundred consents of a viewer, the newest first.
func (a *Applications) Consents(ctx context.Context, bank, viewer string) ([]OwnConsent, error) {
	return db.All(ctx, a.book.DB, func(r db.Row) (c OwnConsent, err error) {
		var given, withdrawn db.Time
		err = r.Scan(&c.ApplicationID, &c.Document, &c.Version, &c.Purpose, &c.Recipient, &given, &withdrawn)
		c.GivenAt, c.WithdrawnAt = clock.At(given.Time), clock.AtPtr(withdrawn.Time)
		return c, err
	}, `SELECT application_id, document, version, purpose, recipient, given_at, withdrawn_at FROM consent
		WHERE bank_id = ? AND viewer_id = ? ORDER BY given_at DESC, id DESC LIMIT 100`, bank, viewer)
}
