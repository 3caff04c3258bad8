package review_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"yinbo/card"
	"yinbo/card/cardtest"
	"yinbo/card/review"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/testkit"
)

var at = clock.At(cardtest.Monday)

func TestApprovalReachesTheCardCoreOnce(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		lead, viewer := d.Apply(t, 1)
		d.Approve(t, lead)
		if s := d.Status(t, lead); s != card.HandedOff {
			t.Fatalf("status %s", s)
		}
		got := d.Far.Submitted(lead)
		if got["name"] != "欧阳小明" || got["id_no"] != cardtest.IDNo(1) || got["city_code"] != "310100" || got["income_band"] != "10k-20k" {
			t.Fatalf("the core got %v", got)
		}
		if !d.Push.Told(viewer, card.Approved) || !d.Push.Told(viewer, card.HandedOff) {
			t.Error("the applicant was not told")
		}
		if got := d.Milestones(); !slices.Equal(got, []string{"application.approved " + viewer + " "}) {
			t.Errorf("milestones %q", got)
		}
	})
}

// Outcomes come in any order and more than once; the application never goes
// back.
func TestOutcomesInAnyOrderEndAlike(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		now := d.Clock.Now()
		type step struct{ outcome, result string }
		for n, steps := range [][]step{
			{{"issued", review.Applied}, {"issued", review.Unchanged}, {"activated", review.Applied}, {"issued", review.Unchanged}, {"declined", review.Refused}},
			{{"activated", review.Applied}, {"issued", review.Unchanged}, {"activated", review.Unchanged}},
		} {
			lead, _ := d.Apply(t, n+1)
			d.Approve(t, lead)
			for i, s := range steps {
				if got := d.Outcome(t, lead, s.outcome, "4242", now); got.Result != s.result {
					t.Fatalf("%d, %d %s: %+v", n, i, s.outcome, got)
				}
			}
			if s := d.Status(t, lead); s != card.Activated {
				t.Errorf("%d ends as %s", n, s)
			}
			planned, _, err := db.Value[int](testkit.Context(t), d.DB, "SELECT COUNT(*) FROM follow_up WHERE application_id = ?", lead)
			if err != nil || planned != 3 {
				t.Errorf("%d: %d follow-ups: %v", n, planned, err)
			}
		}
		lead, _ := d.Apply(t, 7)
		if got := d.Outcome(t, lead, "issued", "", now); got.Code != "outcome.not_approved" {
			t.Errorf("an outcome of a queued one: %+v", got)
		}
		d.Approve(t, lead)
		for _, want := range []string{review.Applied, review.Unchanged} {
			if got := d.Outcome(t, lead, "declined", "", now); got.Result != want {
				t.Errorf("declined: %+v", got)
			}
		}
		if s := d.Status(t, lead); s != card.Rejected {
			t.Errorf("declined ends as %s", s)
		}
		if got := d.Outcome(t, lead, "issued", "", now); got.Code != "outcome.contradicts" {
			t.Errorf("issued after declined: %+v", got)
		}
		if got := d.Outcome(t, id.New(id.Application), "issued", "", now); got.Code != "outcome.application_unknown" {
			t.Errorf("nobody's: %+v", got)
		}
	})
}

func TestOutcomeThatOvertakesTheHandOverStands(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, p := testkit.Context(t), d.Reviewer(false)
		lead, _ := d.Apply(t, 1)
		if err := d.Leads.Claim(ctx, d.Bank, p, lead); err != nil {
			t.Fatal(err)
		}
		if err := d.Leads.Decide(ctx, d.Bank, p, lead, yes); err != nil {
			t.Fatal(err)
		}
		if got := d.Outcome(t, lead, "issued", "4242", d.Clock.Now()); got.Result != review.Applied {
			t.Fatalf("%+v", got)
		}
		d.Work(t)
		if s := d.Status(t, lead); s != card.Issued {
			t.Fatalf("status %s", s)
		}
	})
}

func signed(d *cardtest.Department, body []byte) string {
	stamp := fmt.Sprint(d.Clock.Now().Unix())
	mac := hmac.New(sha256.New, []byte(cardtest.CallbackKey))
	mac.Write([]byte(stamp + "." + string(body)))
	return "t=" + stamp + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

func TestCallbackWantsASignatureAndOurApplications(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		lead, _ := d.Apply(t, 1)
		d.Approve(t, lead)
		items := func(ids ...string) []byte {
			var list []review.Outcome
			for _, application := range ids {
				list = append(list, review.Outcome{ApplicationID: application, Outcome: "issued", CardLast4: "4242", At: at})
			}
			raw, err := json.Marshal(map[string]any{"items": list})
			if err != nil {
				t.Fatal(err)
			}
			return raw
		}
		body := items(lead)
		sig := signed(d, body)
		for what, header := range map[string]string{"unsigned": "", "another body's": signed(d, items("x")), "cut": sig[:len(sig)-2]} {
			if _, err := d.Outcomes.Callback(ctx, header, body, "r"); fault.Code(err) != "callback.signature" {
				t.Errorf("%s: %v", what, err)
			}
		}
		if s := d.Status(t, lead); s != card.HandedOff {
			t.Fatalf("a forged callback moved it to %s", s)
		}
		for _, want := range []string{review.Applied, review.Unchanged} {
			got, err := d.Outcomes.Callback(ctx, sig, body, "r")
			if err != nil || got.Items[0].Result != want {
				t.Fatalf("%+v: %v", got, err)
			}
		}
		d.Clock.Advance(6 * time.Minute)
		if _, err := d.Outcomes.Callback(ctx, sig, body, "r"); fault.Code(err) != "callback.signature" {
			t.Errorf("an old one: %v", err)
		}
		next, _ := d.Apply(t, 2)
		d.Approve(t, next)
		mixed := items(id.New(id.Application), next)
		if _, err := d.Outcomes.Callback(ctx, signed(d, mixed), mixed, "r"); fault.Code(err) != "not_found" {
			t.Errorf("nobody's application: %v", err)
		}
		if s := d.Status(t, next); s != card.Issued {
			t.Errorf("ours beside nobody's stands at %s", s)
		}
	})
}

// Whoever keeps a signed report may send it again until its signature is too old:
// it is answered as known, and changes nothing, whatever came in between.
func TestAReplayedReportOfOutcomesChangesNothing(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		lead, _ := d.Apply(t, 1)
		d.Approve(t, lead)
		body := fmt.Appendf(nil, `{"items":[{"application_id":%q,"outcome":"issued","card_last4":"4242","at":"2026-03-02T02:00:00Z"}]}`, lead)
		sig := signed(d, body)
		if got, err := d.Outcomes.Callback(ctx, sig, body, "r"); err != nil || got.Items[0].Result != review.Applied {
			t.Fatalf("%+v: %v", got, err)
		}
		v, err := d.Leads.Get(ctx, d.Bank, d.Reviewer(true), lead)
		if err != nil {
			t.Fatal(err)
		}
		if last := v.Timeline[len(v.Timeline)-1]; last.Kind != "outcome" || last.By != nil {
			t.Errorf("the core's answer is somebody's act: %+v", last)
		}
		if got := d.Outcome(t, lead, "activated", "4242", d.Clock.Now()); got.Result != review.Applied {
			t.Fatalf("%+v", got)
		}
		d.Clock.Advance(4 * time.Minute)
		testkit.Unchanged(t, d.DB, "the replay of a report", func() {
			if got, err := d.Outcomes.Callback(ctx, sig, body, "r"); err != nil || got.Items[0].Result != review.Unchanged {
				t.Errorf("%+v: %v", got, err)
			}
		})
	})
}

func TestOutcomeFilesAreReadStrictly(t *testing.T) {
	good := map[string]string{
		"json": `{"items":[{"application_id":"` + someID + `","outcome":"issued","card_last4":"0042","at":"2026-03-02T02:00:00Z"}]}`,
		"csv":  "\ufeffat,application_id,outcome,card_last4\r\n\r\n2026-03-02T02:00:00.000Z," + someID + ",issued,0042\r\n",
	}
	want := review.Outcome{ApplicationID: someID, Outcome: "issued", CardLast4: "0042", At: at}
	for kind, text := range good {
		got, err := review.ReadJSON([]byte(text))
		if kind == "csv" {
			got, err = fileOf(review.ReadCSV([]byte(text)))
		}
		if err != nil || len(got) != 1 || got[0].ApplicationID != want.ApplicationID || got[0].CardLast4 != want.CardLast4 || !got[0].At.Equal(want.At.Time) {
			t.Errorf("%s: %+v, %v", kind, got, err)
		}
	}
	for text, kind := range map[string]fault.Kind{
		`{`: fault.BadRequest, `[]`: fault.Invalid, `{}`: fault.Invalid, `{"items":[]}`: fault.Invalid, `{"items":{}}`: fault.Invalid, `{"rows":[]}`: fault.Invalid,
		`{"items":[{"application_id":1,"outcome":"issued","at":"2026-03-02T02:00:00Z"}]}`:                        fault.Invalid,
		`{"items":[{"application_id":"a","outcome":"lost","at":"2026-03-02T02:00:00Z"}]}`:                        fault.Invalid,
		`{"items":[{"application_id":"a","outcome":"issued","at":"yesterday"}]}`:                                 fault.Invalid,
		`{"items":[{"application_id":"a","outcome":"issued","at":"2026-03-02T02:00:00Z","pan":"1"}]}`:            fault.Invalid,
		`{"items":[{"application_id":"a","outcome":"issued","at":"2026-03-02T02:00:00Z","card_last4":"62259"}]}`: fault.Invalid,
	} {
		if _, err := review.ReadJSON([]byte(text)); fault.From(err).Kind != kind {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{"", "a,b\n1,2\n", "\r\n\r\n", "申请号,outcome,at\n", "application_id,outcome,at,at\n", "application_id,outcome,at\n", "application_id,outcome,at\n\n \n",
		"application_id,outcome,at\n" + strings.Repeat("x\n", review.MaxLines+1)} {
		if _, err := review.ReadCSV([]byte(text)); fault.From(err).Kind != fault.Invalid {
			t.Errorf("%q: %v", text, err)
		}
	}
}

const someID = "app_01jb3z9n4tfq0s0f3m5x8c7d2e"

// fileOf gives the outcomes of a file in which nothing is wrong.
func fileOf(lines []review.Line, err error) (all []review.Outcome, _ error) {
	for _, l := range lines {
		if l.Code != "" {
			return nil, fault.InvalidField(l.Field, l.Code)
		}
		all = append(all, l.Outcome)
	}
	return all, err
}

// Of a file, each line that is broken says so and breaks no other.
func TestABrokenLineBreaksNoOther(t *testing.T) {
	const at = ",2026-03-02T02:00:00Z"
	for i, c := range []struct{ line, field, code string }{
		{someID + ",issued" + at, "", ""}, {someID + ",issued", "", "csv.format"}, {someID + ",issued" + at + ",x", "", "csv.format"},
		{`"` + someID + ",issued" + at, "", "csv.format"}, {someID + `,iss"ued` + at, "", "csv.format"}, {",issued" + at, "application_id", "field.format"},
		{"张三,issued" + at, "application_id", "field.format"}, {"\xd5\xc5\xc8\xfd,issued" + at, "application_id", "field.format"},
		{someID + ",\xd2\xd1\xb7\xa2" + at, "outcome", "field.not_allowed"}, {someID + ",issued,yesterday", "at", "field.format"}, {"\x00", "", "csv.format"},
	} {
		good := someID + ",activated" + at + "\n"
		lines, err := review.ReadCSV([]byte("application_id,outcome,at\n" + good + c.line + "\n" + good))
		if err != nil || len(lines) != 3 || lines[0].Code != "" || lines[2].Code != "" || lines[2].No != 4 {
			t.Fatalf("%d: %+v: %v", i, lines, err)
		}
		if l := lines[1]; l.Field != c.field || l.Code != c.code || l.No != 3 || !utf8.ValidString(l.ApplicationID) {
			t.Errorf("%d: %+v, want %s %s", i, l, c.field, c.code)
		}
	}
}

func FuzzOutcomeFiles(f *testing.F) {
	f.Add([]byte(`{"items":[{"application_id":"app_1","outcome":"issued","at":"2026-03-02T02:00:00Z"}]}`))
	f.Add([]byte("application_id,outcome,at\napp_1,issued,2026-03-02T02:00:00Z\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		items, err := review.ReadJSON(raw)
		lines, bad := review.ReadCSV(raw)
		for _, read := range []struct {
			n   int
			err error
		}{{len(items), err}, {len(lines), bad}} {
			if read.err != nil && fault.From(read.err).Kind == fault.Internal {
				t.Fatalf("an error of no kind: %v", read.err)
			}
			if read.err == nil && read.n == 0 {
				t.Fatal("nothing was read, and nothing was wrong")
			}
		}
	})
}
