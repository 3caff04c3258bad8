package ordertest

import (
	"fmt"
	"strings"

	"yinbo/internal/fault"
	"yinbo/order/bulk"
)

// Import takes a file in and gives what became of each line: its result, and of
// those that failed the field and the code.
func Import(s *Stage, imports *bulk.Imports, kind, file string) (results []string) {
	s.T.Helper()
	job, err := imports.Upload(s.Ctx, s.Bank.ID, bulk.Actor{Kind: "staff", ID: "stf_1", RequestID: "req_1"}, kind, kind+".csv", strings.NewReader(file))
	if err != nil {
		s.T.Fatal(err)
	}
	if err := imports.RunHere(s.Ctx, job); err != nil {
		s.T.Fatal(err)
	}
	lines, err := imports.Lines(s.Ctx, s.Bank.ID, job, "", 0, 100, fault.English)
	if err != nil {
		s.T.Fatal(err)
	}
	for _, l := range lines {
		if l.Verdict != bulk.Failed {
			results = append(results, string(l.Verdict))
			continue
		}
		results = append(results, fmt.Sprintf("%s %s %s", l.Verdict, l.Field, l.Code))
	}
	return results
}
