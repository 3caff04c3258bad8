package reasons_test

import (
	"strings"
	"testing"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/reasons"
	"yinbo/internal/testkit"
)

// Old rows lose the numbers that were written into them; the rest of them, and the
// audit chain, stay as they were. A second run finds nothing.
func TestOldReasonsLoseTheirLongNumbersOnce(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		ctx := testkit.Context(t)
		revealed := `{"fields":["name"],"reason":"问过 13812345678","staff_id":"stf_01234567890123456789012345"}`
		err := d.InTx(ctx, func(tx *db.Tx) error {
			for i := range 1100 { // more than two bites
				text := "无"
				if i%500 == 7 {
					text = "身份证 110105194912310021 已核"
				}
				if err := tx.Insert(ctx, "room_ban (room_id, viewer_id, bank_id, reason, banned_by, banned_at)", [][]any{{"room_1", id.New(id.Viewer), "bank_1", text, "stf_1", tx.Now}}, ""); err != nil {
					return err
				}
			}
			if err := tx.Insert(ctx, "legal_hold (id, bank_id, object_kind, object_id, reason, set_by, set_at)", [][]any{{id.New(id.Hold), "bank_2", "person", "vwr_1", "法院 010-12345678 来函", "stf_2", tx.Now}}, ""); err != nil {
				return err
			}
			if err := tx.Insert(ctx, "lead_event (id, bank_id, application_id, kind, actor_id, detail, at)", [][]any{{id.New(id.Event), "bank_1", "app_1", "revealed", "stf_1", revealed, tx.Now},
				{id.New(id.Event), "bank_1", "app_1", "claimed", "stf_1", `{"until":"2026-03-02T02:15:00Z"}`, tx.Now}}, ""); err != nil {
				return err
			}
			return audit.Write(ctx, tx, audit.Entry{Bank: "bank_1", ActorKind: "staff", Actor: "stf_1", Action: "x", Object: "y", Detail: map[string]any{"reason": "13812345678"}})
		})
		if err != nil {
			t.Fatal(err)
		}
		found, err := reasons.Clean(ctx, d)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int64{}
		for _, c := range found {
			got[c.Table+"."+c.Column] = c.Texts
		}
		if len(got) != 3 || got["room_ban.reason"] != 3 || got["legal_hold.reason"] != 1 || got["lead_event.detail"] != 1 {
			t.Errorf("%v", got)
		}
		detail, _, err := db.Value[string](ctx, d, "SELECT detail FROM lead_event WHERE kind = 'revealed'")
		if err != nil || !strings.Contains(detail, `"reason":"问过 ***"`) || !strings.Contains(detail, "stf_01234567890123456789012345") {
			t.Errorf("%s: %v", detail, err)
		}
		left, _, err := db.Value[int](ctx, d, "SELECT COUNT(*) FROM room_ban WHERE reason = '身份证 *** 已核'")
		if err != nil || left != 3 {
			t.Errorf("%d: %v", left, err)
		}
		// The chain was not rewritten: it holds, with what it was told, and with what was done.
		for bank, want := range map[string]int64{"bank_1": 1 + 3 + 1, "bank_2": 1} {
			if n, err := audit.Verify(ctx, d, bank); err != nil || n != want {
				t.Errorf("%s: %d entries: %v", bank, n, err)
			}
		}
		if n, _, err := db.Value[int](ctx, d, "SELECT COUNT(*) FROM audit WHERE action = 'x' AND detail LIKE '%13812345678%'"); err != nil || n != 1 {
			t.Errorf("%d: %v", n, err)
		}
		if again, err := reasons.Clean(ctx, d); err != nil || len(again) != 0 {
			t.Errorf("again: %v: %v", again, err)
		}
	})
}
