package screen

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"yinbo/card"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/tenant"
)

// Screen decides on an application within its transaction, before it is written,
// and keeps the record. Of one that is screened again, the record so far moves to
// screening_earlier as it is.
func (s *Screens) Screen(ctx context.Context, tx *db.Tx, bank tenant.Bank, c card.Candidate) (card.Verdict, error) {
	in, err := gather(ctx, tx, bank, c)
	if err != nil {
		return "", err
	}
	v, err := s.active(ctx, tx, bank.ID)
	if err != nil {
		return "", err
	}
	p, err := s.compiled(v)
	if err != nil {
		return "", err
	}
	round := 1
	if c.Again {
		if round, err = setAside(ctx, tx, s.book.Keys, bank.ID, c.Application); err != nil {
			return "", err
		}
	}
	verdict, results := p.evaluate(in)
	sealed, mark, err := sealInput(ctx, s.book.Keys, placeOf(bank.ID, c.Application), mustJSON(in))
	if err != nil {
		return "", err
	}
	return verdict, tx.Insert(ctx, "screening_decision (bank_id, application_id, set_id, input_sealed, input_mark, results, verdict, at, round)",
		[][]any{{bank.ID, c.Application, v.ID, sealed, mark, mustJSON(results), string(verdict), tx.Now, round}}, "")
}

// Said is what a rule said of an application, with the rule.
type Said struct {
	Result
	Name   string `json:"name"`
	When   string `json:"when" doc:"Empty for decisions from before rules were expressions"`
	Reason string `json:"reason_code"`
}

// Decision is a screening on record.
type Decision struct {
	ApplicationID string       `json:"application_id"`
	VersionID     *string      `json:"version_id" doc:"null for decisions from before rules had versions"`
	VersionNo     *int64       `json:"version_no"`
	Verdict       card.Verdict `json:"verdict" enum:"pass,refer,decline"`
	At            clock.Stamp  `json:"at"`
	Input         *Input       `json:"input" doc:"null for decisions from before rules had versions, and once the applicant's data is gone"`
	InputErased   bool         `json:"input_erased" doc:"The applicant's data is gone; the verdict and each rule's result stay"`
	Results       []Said       `json:"results"`
	Round         int          `json:"round" doc:"1 for the first; one more after each supplement"`
	Rounds        int          `json:"rounds" doc:"How many there are"`
}

// Decision gives the record of a lead's screening, of a round or, with 0, the last
// one; 404 not_found.
func (s *Screens) Decision(ctx context.Context, bank, lead string, round int) (Decision, error) {
	d, v, found, err := s.recorded(ctx, bank, lead, round)
	if err != nil {
		return Decision{}, err
	}
	if !found {
		return s.former(ctx, bank, lead, round)
	}
	out := Decision{ApplicationID: lead, VersionID: &v.ID, VersionNo: &v.No, Verdict: d.verdict, At: clock.At(d.at.Time),
		InputErased: d.erased, Results: said(v, d.results), Round: d.round}
	if !d.erased {
		out.Input = &d.input
	}
	out.Rounds, _, err = db.Value[int](ctx, s.book.DB, "SELECT round FROM screening_decision WHERE bank_id = ? AND application_id = ?", bank, lead)
	return out, err
}

// former is a decision from before rules were expressions.
func (s *Screens) former(ctx context.Context, bank, lead string, round int) (Decision, error) {
	out := Decision{ApplicationID: lead, Results: []Said{}, Round: 1, Rounds: 1}
	if round > 1 {
		return out, notFound()
	}
	type head struct {
		verdict card.Verdict
		at      db.Time
	}
	h, found, err := db.One(ctx, s.book.DB, func(r db.Row) (h head, err error) { return h, r.Scan(&h.verdict, &h.at) },
		"SELECT screening, created_at FROM application WHERE bank_id = ? AND id = ?", bank, lead)
	if err != nil {
		return out, err
	}
	if !found {
		return out, notFound()
	}
	out.Verdict, out.At = h.verdict, clock.At(h.at.Time)
	old, err := s.book.FormerFindings(ctx, bank, lead)
	for _, f := range old {
		out.Results = append(out.Results, Said{Result: Result{Rule: f.Rule, Verdict: f.Verdict}})
	}
	return out, err
}

func (s *Screens) recorded(ctx context.Context, bank, lead string, round int) (d record, v Version, found bool, err error) {
	place := placeOf(bank, lead)
	d, found, err = db.One(ctx, s.book.DB, scanRecord, selectRecord+"bank_id = ? AND application_id = ? AND (? = 0 OR round = ?)", bank, lead, round, round)
	if err == nil && !found && round > 0 {
		place = placeOfEarlier(bank, lead, round)
		d, found, err = db.One(ctx, s.book.DB, scanRecord, selectEarlier+"bank_id = ? AND application_id = ? AND round = ?", bank, lead, round)
	}
	if err == nil && found {
		err = d.open(ctx, s.book.Keys, place)
	}
	if err != nil || !found {
		return d, v, found, err
	}
	v, err = readVersion(ctx, s.book.DB, bank, d.set)
	return d, v, true, err
}

func said(v Version, results []Result) []Said {
	rules := map[string]Rule{}
	for _, r := range v.Rules {
		rules[r.ID] = r
	}
	out := make([]Said, len(results))
	for i, r := range results {
		rule := rules[r.Rule]
		out[i] = Said{Result: r, Name: rule.Name, When: rule.When, Reason: rule.Reason}
	}
	return out
}

// Findings is what a lead shows of its screening: each rule with what it looked
// at.
func (s *Screens) Findings(ctx context.Context, bank, lead string) ([]card.Finding, error) {
	d, v, found, err := s.recorded(ctx, bank, lead, 0)
	if err != nil {
		return nil, err
	}
	if !found {
		return s.book.FormerFindings(ctx, bank, lead)
	}
	p, err := s.compiled(v)
	if err != nil {
		return nil, err
	}
	var facts map[string]any
	if err := json.Unmarshal([]byte(mustJSON(d.input)), &facts); err != nil {
		return nil, err
	}
	out := make([]card.Finding, len(d.results))
	for i, r := range said(v, d.results) {
		out[i] = card.Finding{Rule: r.Rule, Version: fmt.Sprint(v.No), Name: r.Name, Reason: r.Reason, Verdict: r.Verdict, Input: map[string]any{}}
		for _, path := range p.reads[i] {
			if !d.erased {
				out[i].Input[path] = at(facts, path)
			}
		}
	}
	return out, nil
}

// at finds a fact by its path, such as ip.h1.
func at(facts map[string]any, path string) any {
	of, name, nested := strings.Cut(path, ".")
	if !nested {
		return facts[of]
	}
	inner, _ := facts[of].(map[string]any)
	return inner[name]
}

// Replay is a decision made again on its recorded input.
type Replay struct {
	VersionID string       `json:"version_id"`
	VersionNo int64        `json:"version_no"`
	Verdict   card.Verdict `json:"verdict" enum:"pass,refer,decline"`
	Recorded  card.Verdict `json:"recorded" enum:"pass,refer,decline"`
	Same      bool         `json:"same" doc:"The verdict and, by the same version, each rule's result are those on record"`
	Results   []Said       `json:"results"`
}

// Replay decides again by the recorded input: by the version on record, or by
// another; round is as in Decision. Errors: 404 not_found; 409 screening.no_record for a decision from
// before rules had versions, screening.erased where the applicant's data is gone.
func (s *Screens) Replay(ctx context.Context, bank, lead, version string, round int) (Replay, error) {
	d, v, found, err := s.recorded(ctx, bank, lead, round)
	if err != nil {
		return Replay{}, err
	}
	if !found {
		if _, err := s.former(ctx, bank, lead, round); err != nil {
			return Replay{}, err
		}
		return Replay{}, fault.New(fault.Conflict, "screening.no_record")
	}
	if d.erased {
		return Replay{}, fault.New(fault.Conflict, "screening.erased")
	}
	own := version == "" || version == v.ID
	if !own {
		if v, err = readVersion(ctx, s.book.DB, bank, version); err != nil {
			return Replay{}, err
		}
	}
	p, err := s.compiled(v)
	if err != nil {
		return Replay{}, err
	}
	verdict, results := p.evaluate(d.input)
	same := verdict == d.verdict
	if own {
		same = same && mustJSON(results) == mustJSON(d.results)
	}
	return Replay{VersionID: v.ID, VersionNo: v.No, Verdict: verdict, Recorded: d.verdict, Same: same, Results: said(v, results)}, nil
}
