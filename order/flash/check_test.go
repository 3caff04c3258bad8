package flash_test

import (
	"testing"

	"yinbo/internal/invariant"
	"yinbo/internal/testkit"
	"yinbo/order/flash"
	"yinbo/order/ordertest"
)

// Admission may have fewer units than the database while they are held, and
// must not promise more; once nobody buys, it has as many.
func TestAdmissionIsComparedWithTheDatabase(t *testing.T) {
	s := ordertest.OnSQLite(t)
	f := s.Sale(10, 2)
	admission := flash.NewMemory()
	broken := func(quiet bool) int64 {
		t.Helper()
		v, err := invariant.Check(testkit.Context(t), s.DB, s.Clock.Now(), flash.AdmissionInvariant(s.DB, admission, quiet, 0), 10)
		if err != nil || v.Broken == 0 && v.Looked != 1 {
			t.Fatalf("%+v: %v", v, err)
		}
		return v.Broken
	}
	set := func(left int64) {
		t.Helper()
		if err := admission.Set(s.Ctx, flash.Ref{Sale: f.ID, Epoch: "evt_1"}, flash.Picture{Left: left}); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		left        int64
		quiet, want bool
	}{
		"as many":            {10, true, false},
		"held":               {8, false, false},
		"held and forgotten": {8, true, true},
		"more than there is": {11, false, true},
	} {
		set(c.left)
		if got := broken(c.quiet) > 0; got != c.want {
			t.Errorf("%s: broken %t", name, got)
		}
	}
}
