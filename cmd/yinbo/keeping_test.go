package main

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/keeping"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
)

// goes is the rest of a person's life in the product: the data key rotates while
// they use it, a hold keeps them, they are erased, and what the law kept goes in
// its time.
func (s *searched) goes(t *testing.T, who *somebody, viewer string) {
	s.rotated(t, viewer)
	ask := map[string]any{"phone": who.phone}
	number, _, err := db.Value[string](t.Context(), s.node.core.db, "SELECT viewer_id FROM orders WHERE address_sealed IS NOT NULL ORDER BY id DESC LIMIT 1")
	if err != nil {
		t.Fatal(err)
	}
	s.held(t, who, number)
	proof := s.erased(t, who, number, viewer)
	if out, err := s.command(t, "person", "proof", proof); err != nil || !strings.Contains(out, number) || !strings.Contains(out, "audit entry") {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := s.command(t, "person", "erase", "--bank", "demo", "--viewer", number, "--reason", "再次"); err == nil {
		t.Error("erased twice")
	}
	// Whoever signs in with the phone is somebody new.
	<-time.After(time.Second)
	s.exec(t, "DELETE FROM otp") // one a minute
	s.post(t, "", "/auth/otp", ask, 202, nil)
	again := s.viewerOf(t, s.signedIn(t, who.phone))
	if again == number {
		t.Error("the erased person signed in again")
	}
	s.overTime(t, number)
	if out, err := s.command(t, "check"); err != nil || strings.Contains(out, "BROKEN") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := s.command(t, "verify-audit"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func (s *searched) signedIn(t *testing.T, number string) (token string) {
	t.Helper()
	var out struct {
		Access string `json:"access_token"`
	}
	s.post(t, "", "/auth/otp/verify", map[string]string{"phone": number, "code": s.code(t, number)}, 200, &out)
	return out.Access
}

// viewerOf is the id of whoever has a token.
func (s *searched) viewerOf(t *testing.T, token string) string {
	t.Helper()
	p, err := s.node.app.people.Authenticate(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	return p.ID
}

// rotated rotates by the command while the viewer reads what is sealed and writes
// more: nobody is refused, and all opens under the new key.
func (s *searched) rotated(t *testing.T, viewer string) {
	t.Helper()
	stop := make(chan struct{})
	var all sync.WaitGroup
	var asked atomic.Int64
	for range 2 {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				var kept struct{ ID string }
				s.post(t, viewer, "/addresses", map[string]any{"name": "甲", "phone": phone(), "province": "浙江省", "city": "杭州市", "district": "", "street": "一号"}, 201, &kept)
				s.get(t, viewer, "/addresses", 200, nil)
				s.get(t, viewer, "/orders", 200, nil)
				s.call(t, viewer, http.MethodDelete, "/addresses/"+kept.ID, nil, 204, nil)
				asked.Add(4)
			}
		})
	}
	out, err := s.command(t, "keys", "rotate", "--bank", "demo", "--batch", "3")
	close(stop)
	all.Wait()
	if err != nil || !strings.Contains(out, "retired: [key_") || asked.Load() < 10 {
		t.Fatalf("%d requests; %v\n%s", asked.Load(), err, out)
	}
	if out, err := s.command(t, "keys", "list"); err != nil || strings.Count(out, "retired ") != 1 {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := s.command(t, "check"); err != nil || strings.Contains(out, "BROKEN") {
		t.Errorf("%v\n%s", err, out)
	}
}

// held is refused with the hold's reason, whatever of the person is held.
func (s *searched) held(t *testing.T, who *somebody, viewer string) {
	t.Helper()
	risk := s.staff(t, "demo", "risk")
	application, _, err := db.Value[string](t.Context(), s.node.core.db, "SELECT id FROM application WHERE viewer_id = ? ORDER BY id DESC LIMIT 1", viewer)
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range []string{viewer, application} {
		var h struct{ ID string }
		s.post(t, risk, "/holds", map[string]any{"object_id": object, "reason": "法院冻结令"}, 201, &h)
		if out, err := s.command(t, "person", "erase", "--bank", "demo", "--phone", who.phone, "--reason", "本人申请"); err == nil || !strings.Contains(err.Error(), "法院冻结令") {
			t.Fatalf("%s is held: %v\n%s", object, err, out)
		}
		s.post(t, risk, "/holds/"+h.ID+"/lift", map[string]any{"reason": "解除"}, 200, nil)
	}
}

var proofID = regexp.MustCompile(`prf_[0-9a-z]{26}`)

func (s *searched) erased(t *testing.T, who *somebody, viewer, token string) (proof string) {
	t.Helper()
	for _, wrong := range [][]string{{"--bank", "nowhere", "--phone", who.phone, "--reason", "x"}, {"--bank", "demo", "--reason", "x"},
		{"--bank", "demo", "--phone", who.phone}, {"--bank", "other", "--phone", who.phone, "--reason", "x"}} {
		if out, err := s.command(t, append([]string{"person", "erase"}, wrong...)...); err == nil {
			t.Errorf("%v: %s", wrong, out)
		}
	}
	out, err := s.command(t, "person", "erase", "--bank", "demo", "--phone", who.phone, "--reason", "本人申请 "+who.phone)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out, who.phone) || !strings.Contains(out, "kept: trade") {
		t.Errorf("the proof says:\n%s", out)
	}
	d := s.node.core.db
	for query, want := range map[string]int{
		"SELECT COUNT(*) FROM applicant_field f JOIN application a ON a.id = f.application_id WHERE a.viewer_id = ?": 0,
		"SELECT COUNT(*) FROM application WHERE viewer_id = ? AND (name_masked <> '' OR phone_hash <> 'erased')":     0,
		"SELECT COUNT(*) FROM address WHERE viewer_id = ?":                                                           0,
		"SELECT COUNT(*) FROM consent WHERE viewer_id = ? AND withdrawn_at IS NULL":                                  0,
		"SELECT COUNT(*) FROM binding WHERE viewer_id = ? AND (status = 'bound' OR last4 IS NOT NULL)":               0,
		"SELECT COUNT(*) FROM follow_up WHERE viewer_id = ? AND status = 'waiting'":                                  0,
		"SELECT COUNT(*) FROM session WHERE person_id = ? AND revoked_at IS NULL":                                    0,
		"SELECT COUNT(*) FROM orders WHERE viewer_id = ? AND status = 'cancelled' AND address_sealed IS NOT NULL":    0,
		"SELECT COUNT(*) FROM orders WHERE viewer_id = ? AND address_sealed IS NOT NULL":                             2, // a trade, and one that may become one
	} {
		if n, _, err := db.Value[int](t.Context(), d, query, viewer); err != nil || n != want {
			t.Errorf("%s: %d, want %d: %v", query, n, want, err)
		}
	}
	masked, found := pii.MaskPhone(who.phone), 0
	s.eachCell(t, func(place string, cell []byte) {
		if strings.Contains(string(cell), masked) {
			t.Errorf("the masked phone is left in %s", place)
		}
		found++
	})
	if found == 0 {
		t.Error("nothing was looked at")
	}
	wait(t, "the session to end on the node", func() bool {
		status, _, _ := s.send(t, http.MethodGet, "/orders", http.Header{"Authorization": {"Bearer " + token}}, nil)
		return status == http.StatusUnauthorized
	})
	return proofID.FindString(out)
}

// overTime takes away what is over its time in four years, but for what is held,
// and what is held once it is not.
func (s *searched) overTime(t *testing.T, viewer string) {
	t.Helper()
	d, keeper := s.node.core.db, s.node.app.keeper
	var bank tenant.Bank
	bank, _, err := s.node.core.banks.BySlug(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	order, _, err := db.Value[string](t.Context(), d, "SELECT id FROM orders WHERE viewer_id = ? AND status = 'paid' ORDER BY id LIMIT 1", viewer)
	if err != nil {
		t.Fatal(err)
	}
	operator, risk := s.staff(t, "demo", "operator"), s.staff(t, "demo", "risk")
	s.post(t, operator, "/shop/orders/"+order+"/ship", map[string]any{"carrier": "顺丰", "tracking_no": "SF" + id.New(id.Event)[5:20]}, 200, nil)
	s.post(t, operator, "/shop/orders/"+order+"/complete", nil, 200, nil)
	var rooms struct{ Items []struct{ ID string } }
	s.get(t, "", "/rooms?status=live", 200, &rooms)
	room := rooms.Items[len(rooms.Items)-1].ID
	s.post(t, operator, "/host/rooms/"+room+"/end", nil, 200, nil)
	counts := func() (address, facts int) {
		t.Helper()
		address, _, err := db.Value[int](t.Context(), d, "SELECT COUNT(*) FROM orders WHERE id = ? AND address_sealed IS NOT NULL", order)
		if err != nil {
			t.Fatal(err)
		}
		facts, _, err = db.Value[int](t.Context(), d, "SELECT COUNT(*) FROM room_event WHERE room_id = ?", room)
		if err != nil {
			t.Fatal(err)
		}
		return address, facts
	}
	sweep := func(in time.Duration) {
		t.Helper()
		for _, c := range keepingClasses() {
			for more, err := true, error(nil); more; {
				if more, err = keeper.Sweep(t.Context(), bank, c, time.Now().Add(in)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	other := newSomebody() // who is not erased
	other.phone = phone()
	theirs := s.signIn(t, other.phone)
	other.idNo = residentID("44010619900101002")
	applied := s.applies(t, theirs, &other)
	s.post(t, theirs, "/applications/"+applied+"/withdraw", nil, 200, nil)
	const year = 365 * 24 * time.Hour
	sweep(2 * year)
	if address, facts := counts(); address != 1 || facts == 0 {
		t.Errorf("after two years: %d addresses, %d facts", address, facts)
	}
	var holds []string
	for _, object := range []string{order, room} {
		var h struct{ ID string }
		s.post(t, risk, "/holds", map[string]any{"object_id": object, "reason": "诉讼"}, 201, &h)
		holds = append(holds, h.ID)
	}
	sweep(4 * year)
	if address, facts := counts(); address != 1 || facts == 0 {
		t.Errorf("held, after four years: %d addresses, %d facts", address, facts)
	}
	for _, h := range holds {
		s.post(t, risk, "/holds/"+h+"/lift", map[string]any{"reason": "结案"}, 200, nil)
	}
	sweep(4 * year)
	if address, facts := counts(); address != 0 || facts != 0 {
		t.Errorf("after four years: %d addresses, %d facts", address, facts)
	}
	proofs, err := keeper.Proofs(t.Context(), bank.ID, keeping.Keeping, "", 50)
	seen := map[string]bool{}
	for _, p := range proofs {
		if _, err := keeper.ProofByID(t.Context(), p.ID); err != nil {
			t.Error(err)
		}
		seen[p.Subject] = true
	}
	if err != nil || !seen["trade"] || !seen["live"] || !seen["applications"] || !seen["sessions"] {
		t.Errorf("proofs of %v: %v", seen, err)
	}
}
