package review_test

import (
	"testing"

	"yinbo/card/cardtest"
	"yinbo/internal/testkit"
)

// What the desk asks again and again does not walk all leads that ever were.
func TestTheDeskWalksIndexes(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		statements, err := d.Leads.Statements(testkit.Context(t), d.Bank.ID)
		if err != nil {
			t.Fatal(err)
		}
		for statement, index := range statements {
			d.Walks(t, statement, index)
		}
	})
}
