package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/id"
)

// notAudited are acts of staff that change nothing that anybody has to account
// for, with the reason.
var notAudited = map[string]string{
	"PUT /staff/me/views/{list}/{name}":     "one's own bookmark",
	"DELETE /staff/me/views/{list}/{name}":  "one's own bookmark",
	"POST /leads/{id}/renew":                "keeps what one holds for longer; taking it was noted",
	"POST /leads/{id}/claim":                "again, by who holds it: as renew",
	"POST /leads/{id}/screening/replay":     "nothing changes, and no personal data is in it",
	"POST /screening/versions/{id}/test":    "runs written cases; nothing changes",
	"POST /journeys/preview":                "sample values; nothing changes",
	"POST /shop/imports":                    "a place for a file; taking it in is noted",
	"PUT /shop/imports/{id}/parts/{no}":     "a part of a file; taking it in is noted",
	"POST /my/imports":                      "a place for a file; taking it in is noted",
	"PUT /my/imports/{id}/parts/{no}":       "a part of a file; taking it in is noted",
	"PUT /statements/{id}/parts/{no}":       "a part of a file; beginning and taking it in are noted",
	"PATCH /host/rooms/{id}/chat":           "nothing was asked to change",
	"POST /host/rooms/{id}/rundown/dry-run": "nothing changes",
	"DELETE /host/rooms/{id}/notice":        "there is none: no change",
	"POST /settlements/run":                 "the date was closed before: no change",
}

// pastedNumber is what somebody pastes into a reason, a comment or a note.
const pastedNumber = "13700915264"

// pasted is the example with a number in each text in which staff say why.
func (o operation) pasted() any {
	body, is := o.example().(map[string]any)
	if !is {
		return o.example()
	}
	properties, _ := o.body["properties"].(map[string]any)
	for _, name := range []string{"reason", "comment", "note"} {
		if schema, asked := properties[name].(map[string]any); asked && schema["enum"] == nil {
			body[name] = "本人 " + pastedNumber + " 来电"
		}
	}
	return body
}

// Whatever staff do through the API, wherever it is written down, leaves an entry
// with the request's id; and every entry's action has a title. Numbers that they
// paste where they say why are kept nowhere.
func TestEveryActOfStaffIsInTheAuditLog(t *testing.T) {
	p := startProduct(t)
	_, all := readOperations(t, p)
	objects := p.objects(t)
	objects["rooms"] = p.ownRoom(t)
	tried, done, named := 0, 0, 0
	for _, o := range all {
		if o.method == http.MethodGet || len(o.roles) == 0 || strings.HasPrefix(o.path, "/staff/me/password") {
			continue
		}
		tried++
		_, exempt := notAudited[o.String()]
		if exempt {
			named++
		}
		path := strings.NewReplacer("{event_id}", id.New(id.Event), "{sku_id}", objects["skus"], "{no}", "1", "{list}", "leads", "{name}", "mine", "{key}", "bind_card").Replace(o.path)
		for part, object := range objects {
			path = strings.Replace(path, "/"+part+"/{id}", "/"+part+"/"+object, 1)
		}
		h := http.Header{"Authorization": {"Bearer " + p.staff(t, "demo", o.roles[0])}, "X-Bank": {"demo"}, "Idempotency-Key": {id.New(id.Event)}}
		status, header, raw := p.send(t, o.method, path, h, o.pasted())
		if status >= 500 {
			t.Errorf("%s: %d %s", o, status, raw)
		}
		if status >= 300 {
			continue
		}
		done++
		n, _, err := db.Value[int](t.Context(), p.node.core.db, "SELECT COUNT(*) FROM audit WHERE request_id = ?", header.Get("X-Request-Id"))
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 && !exempt {
			t.Errorf("%s left no entry in the audit log", o)
		}
	}
	if named != len(notAudited) {
		t.Errorf("%d of %d exemptions are acts", named, len(notAudited))
	}
	if done < 50 {
		t.Errorf("only %d of %d acts went through", done, tried)
	}
	t.Logf("%d of %d acts went through", done, tried)
	p.eachCell(t, func(place string, cell []byte) {
		if strings.Contains(string(cell), pastedNumber) {
			t.Errorf("a number that was pasted into a reason stands in %s: %.200s", place, cell)
		}
	})
	actions, err := db.All(t.Context(), p.node.core.db, func(r db.Row) (v string, err error) { return v, r.Scan(&v) }, "SELECT DISTINCT action FROM audit")
	if err != nil {
		t.Fatal(err)
	}
	for _, action := range actions {
		if audit.Title("en", action) == action || audit.Title("zh-CN", action) == action {
			t.Errorf("%s has no title", action)
		}
	}
}

// ownRoom is a room that is planned.
func (p *product) ownRoom(t *testing.T) string {
	t.Helper()
	var room struct{ ID string }
	p.post(t, p.staff(t, "demo", "host"), "/host/rooms", map[string]any{"title": "试播", "starts_at": time.Now().Add(time.Hour)}, 201, &room)
	return room.ID
}
