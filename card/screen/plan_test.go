package screen_test

import (
	"testing"

	"yinbo/card/cardtest"
	"yinbo/card/screen"
)

// Each application counts what came with it by an index of that, never by time.
func TestCountsWalkTheirSubjectsIndex(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		statements := screen.Statements(d.DB.Dialect())
		if len(statements) != 4 {
			t.Errorf("%d subjects", len(statements))
		}
		for statement, index := range statements {
			d.Walks(t, statement, index)
		}
	})
}
