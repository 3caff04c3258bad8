package card_test

import (
	"testing"

	"yinbo/card"
	"yinbo/card/cardtest"
)

// A bank's years of applications are never walked for one person.
func TestOnePersonIsFoundByAnIndex(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		for statement, index := range card.Statements(d.DB.Dialect()) {
			d.Walks(t, statement, index)
		}
	})
}
