package server

import (
	"encoding/json"
	"testing"

	"yinbo/internal/fault"
	"yinbo/internal/obs"
)

// A problem from the memory of renderings is the problem.
func TestRenderedProblemsAreTheProblems(t *testing.T) {
	var r rendered
	for range 2 {
		for _, lang := range []string{"zh-CN", "en"} {
			for _, id := range []string{"req-1", `with "quotes" <b>`} {
				req, f := obs.Request{ID: id, Lang: lang}, fault.New(fault.Conflict, "flash.sold_out")
				want, err := json.Marshal(problemOf(req, f))
				if got := r.render(req, f); err != nil || string(got) != string(want) {
					t.Errorf("%s, want %s (%v)", got, want, err)
				}
			}
		}
	}
}
