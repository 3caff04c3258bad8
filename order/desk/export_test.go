package desk

import "context"

// Statements are what a search runs, for a look at their plans.
func (d *Desk) Statements(ctx context.Context, bank string, f Filter) (queries []string, args [][]any, err error) {
	walks, err := d.walks(ctx, bank, f)
	for _, w := range walks {
		q, a := w.statement("", 20)
		queries, args = append(queries, q), append(args, a)
	}
	return queries, args, err
}
