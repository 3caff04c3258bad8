package settle

import (
	"strings"
	"testing"

	"yinbo/internal/money"
)

// Whatever a file says, what is accepted is whole: its rows are what its total
// line says, none below zero, each with a number.
func FuzzStatement(f *testing.F) {
	head := strings.Join(statementHeader, ",") + "\n"
	f.Add(head + "#total,0,0.00,0.00\n")
	f.Add(bom + head + "2025-06-10 12:00:00,payment,pay_1,,BP1,1.00,succeeded\n#total,1,1.00,0.00\n")
	f.Add(head + "2025-06-10 12:00:00,refund,pay_1,rfd_1,BP1,0.50,succeeded\n#total,1,0.00,0.50\n")
	f.Add(head + "\"x\n")
	f.Fuzz(func(t *testing.T, text string) {
		rows, sum := 0, money.Fen(0)
		_, _, err := readStatement(strings.NewReader(text), func(r row) error {
			if r.ref() == "" || r.amount < 0 {
				t.Errorf("row %+v", r)
			}
			rows++
			sum += r.amount
			return nil
		})
		if err == nil && !strings.Contains(text, totalMark) {
			t.Errorf("accepted %d rows without a total line: %q", rows, text)
		}
	})
}
