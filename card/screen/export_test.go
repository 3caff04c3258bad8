package screen

import (
	"yinbo/card"
	"yinbo/internal/db"
)

// Judge compiles rules and asks them once.
func Judge(rules []Rule, in Input) (card.Verdict, []Result, error) {
	p, err := compile(rules)
	if err != nil {
		return "", nil, err
	}
	v, results := p.evaluate(in)
	return v, results, nil
}

// Ready gives a function that asks compiled rules.
func Ready(rules []Rule) (func(Input) card.Verdict, error) {
	p, err := compile(rules)
	return func(in Input) card.Verdict {
		v, _ := p.evaluate(in)
		return v
	}, err
}

// StandardCases are those of a bank's first version.
var StandardCases = standardCases

// Statements are those that count what came with an applicant, with the index
// that each is to walk.
func Statements(d db.Dialect) map[string]string {
	out := map[string]string{}
	for _, s := range subjects(card.Candidate{DeviceID: "d", EmployerPhoneHash: "e", IPHash: "i", PhoneHash: "p"}, &Input{}) {
		out[s.newest(d, false)] = s.index
	}
	return out
}
