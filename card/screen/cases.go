package screen

import (
	"fmt"

	"yinbo/card"
	"yinbo/internal/fault"
)

// Case is a test of a version, kept with it.
type Case struct {
	Name   string       `json:"name" minLength:"1" maxLength:"100"`
	Input  Input        `json:"input"`
	Expect card.Verdict `json:"expect" enum:"pass,refer,decline"`
}

// CaseResult is what a version says to a test case.
type CaseResult struct {
	Name   string       `json:"name"`
	Expect card.Verdict `json:"expect" enum:"pass,refer,decline"`
	Got    card.Verdict `json:"got" enum:"pass,refer,decline"`
	Passed bool         `json:"passed"`
	Rules  []string     `json:"rules" doc:"The rules that were true"`
}

func (p *program) test(cases []Case) []CaseResult {
	out := make([]CaseResult, len(cases))
	for i, c := range cases {
		got, results := p.evaluate(c.Input)
		out[i] = CaseResult{Name: c.Name, Expect: c.Expect, Got: got, Passed: got == c.Expect, Rules: hits(results)}
	}
	return out
}

// hits are the rules that did not pass.
func hits(results []Result) []string {
	names := []string{}
	for _, r := range results {
		if r.Verdict != card.Pass {
			names = append(names, r.Rule)
		}
	}
	return names
}

// proved is 422 with the cases named that fail.
func (p *program) proved(cases []Case) error {
	bad := fault.New(fault.Invalid, "screening.cases_fail")
	for i, r := range p.test(cases) {
		if !r.Passed {
			bad.With(fmt.Sprintf("cases[%d]", i), "screening.case_fails", r.Name, r.Expect, r.Got)
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}
