package video

import (
	"context"
	"encoding/json"
	"net/url"
	"path"
	"strings"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
)

// Hook is what an external server tells: somebody begins or ends a push.
type Hook struct {
	Begins, Ends bool   // neither: something that we need not know
	Room         string // the stream's name
	Key          string // the stream key that the push brought
	Client       string // the server's own name of the push, "" for none
}

// hooks read what each server sends.
var hooks = map[string]func(body []byte) (Hook, error){"srs": readSRS, "nginx-rtmp": readNginx, "mediamtx": readMediaMTX,
	"tencent": readTencent}

// maxClient is how long a server's name of a push may be.
const maxClient = 64

// ReadHook reads a server's hook. 404 not_found for a server that we do not know,
// 400 bad_request for what is not its hook.
func ReadHook(server string, body []byte) (Hook, error) {
	read, known := hooks[server]
	if !known {
		return Hook{}, fault.New(fault.NotFound, "not_found")
	}
	h, err := read(body)
	if err != nil || len(h.Client) > maxClient {
		return h, fault.New(fault.BadRequest, "bad_request").Because(err)
	}
	return h, nil
}

// readSRS reads SRS's on_publish and on_unpublish: ossrs.net, "HTTP callback".
func readSRS(body []byte) (h Hook, err error) {
	var in struct {
		Action string          `json:"action"`
		Stream string          `json:"stream"`
		Param  string          `json:"param"`
		Client json.RawMessage `json:"client_id"` // a number in old ones
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return h, err
	}
	h = Hook{Begins: in.Action == "on_publish", Ends: in.Action == "on_unpublish", Room: in.Stream, Client: strings.Trim(string(in.Client), `"`)}
	h.Key, err = keyIn(in.Param)
	return h, err
}

// readNginx reads nginx-rtmp's on_publish and on_publish_done: a form, in which
// the push's own arguments stand too.
func readNginx(body []byte) (Hook, error) {
	form, err := url.ParseQuery(string(body))
	return Hook{Begins: form.Get("call") == "publish", Ends: form.Get("call") == "publish_done", Room: form.Get("name"),
		Key: form.Get("key"), Client: form.Get("clientid")}, err
}

// readMediaMTX reads MediaMTX's external authentication, and in the same shape
// with the action unpublish what its runOnNotReady may send.
func readMediaMTX(body []byte) (h Hook, err error) {
	var in struct {
		Action string `json:"action"`
		Path   string `json:"path"`
		Query  string `json:"query"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return h, err
	}
	h = Hook{Begins: in.Action == "publish", Ends: in.Action == "unpublish", Room: path.Base(in.Path)}
	h.Key, err = keyIn(in.Query)
	return h, err
}

// readTencent reads CSS's events of pushing and of its end, which a sequence joins:
// tencentcloud.com/document/product/267/38081.
func readTencent(body []byte) (h Hook, err error) {
	var in struct {
		Event    *int   `json:"event_type"`
		Stream   string `json:"stream_id"`
		Param    string `json:"stream_param"`
		Sequence string `json:"sequence"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return h, err
	}
	h = Hook{Begins: in.Event != nil && *in.Event == 1, Ends: in.Event != nil && *in.Event == 0, Room: in.Stream, Client: in.Sequence}
	h.Key, err = keyIn(in.Param)
	return h, err
}

// AliyunHook is what ApsaraVideo Live tells, the push's own arguments among it:
// help.aliyun.com/zh/live, "推流回调". 400 bad_request for arguments that are none.
func AliyunHook(action, stream, args string) (Hook, error) {
	key, err := keyIn(args)
	if err != nil {
		return Hook{}, fault.New(fault.BadRequest, "bad_request").Because(err)
	}
	return Hook{Begins: action == "publish", Ends: action == "publish_done", Room: stream, Key: key}, nil
}

func keyIn(query string) (string, error) {
	q, err := url.ParseQuery(strings.TrimPrefix(query, "?"))
	return q.Get("key"), err
}

// Hooked takes a hook: it begins or ends a push of a room whose source is
// external. 403 ingest.refused unless the push brought the room's key, and for a
// room that is over or pushed to here; the server then turns the push away.
func (v *Video) Hooked(ctx context.Context, h Hook) error {
	if !h.Begins && !h.Ends {
		return nil
	}
	r, err := v.proven(ctx, h.Room, h.Key)
	if err != nil {
		return err
	}
	return v.DB.InTx(ctx, func(tx *db.Tx) error {
		if h.Ends {
			push := h.Client
			if push == "" {
				push = r.push
			}
			return release(ctx, tx, r.bank, h.Room, push, ProblemNone)
		}
		push := h.Client
		switch {
		case push == "":
			push = id.New(id.Session)
		case push == r.push: // the same hook again
			return nil
		}
		ok, err := claim(ctx, tx, r.bank, h.Room, r.hash, External, push, "")
		if err == nil && !ok {
			err = refused()
		}
		return err
	})
}
