package video_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"yinbo/internal/fault"
	"yinbo/internal/testkit"
	"yinbo/live/video"
)

// shape is what a server sends when a push begins or ends.
func shape(server, room, key string, begins bool) string {
	action := map[string][2]string{"srs": {"on_publish", "on_unpublish"}, "nginx-rtmp": {"publish", "publish_done"}, "mediamtx": {"publish", "unpublish"}}[server][1]
	if begins {
		action = map[string]string{"srs": "on_publish", "nginx-rtmp": "publish", "mediamtx": "publish"}[server]
	}
	switch server {
	case "srs":
		return fmt.Sprintf(`{"server_id":"vid-0xk989d","action":%q,"client_id":"341w361a","ip":"127.0.0.1","vhost":"__defaultVhost__","app":"live","tcUrl":"rtmp://127.0.0.1:1935/live","stream":%q,"param":"?key=%s"}`, action, room, key)
	case "nginx-rtmp":
		return url.Values{"app": {"live"}, "flashver": {"FMLE/3.0"}, "tcurl": {"rtmp://h/live"}, "addr": {"127.0.0.1"}, "clientid": {"7"},
			"call": {action}, "name": {room}, "type": {"live"}, "key": {key}}.Encode()
	}
	return fmt.Sprintf(`{"user":"","password":"","token":"","ip":"127.0.0.1","action":%q,"path":"live/%s","protocol":"rtmp","id":"a3f","query":"key=%s"}`, action, room, key)
}

func (r *rig) hook(server, body string) error {
	h, err := video.ReadHook(server, []byte(body))
	if err != nil {
		return err
	}
	return r.Hooked(r.Ctx, h)
}

// The servers' own shapes begin and end a push, and prove themselves by the room's
// stream key.
func TestExternalServersReportPushes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		out := r.node(t, func(c *video.Config) {
			c.External = video.Vendor{Scheme: video.Plain, Push: "rtmp://srs.bank.cn/live/{stream}", Pull: "https://play.bank.cn/live/{stream}.m3u8"}
		})
		external := ""
		for _, server := range []string{"srs", "nginx-rtmp", "mediamtx"} {
			room := r.Live(t)
			if _, err := r.SetKind(r.Ctx, r.Bank.ID, room, r.by, video.External); fault.Code(err) != "validation" {
				t.Errorf("external where there is none: %v", err)
			}
			in, err := out.SetKind(out.Ctx, r.Bank.ID, room, r.by, video.External)
			if err != nil || in.PushURL != "rtmp://srs.bank.cn/live" || in.State != video.Waiting {
				t.Fatalf("%+v %v", in, err)
			}
			stream := out.key(t, room)
			_, key, _ := strings.Cut(stream, "?key=")
			if err := out.hook(server, shape(server, room, "wrong", true)); fault.Code(err) != "ingest.refused" {
				t.Errorf("%s with a wrong key: %v", server, err)
			}
			if err := out.hook(server, shape(server, room, key, true)); err != nil || out.ingest(t, room).State != video.On {
				t.Errorf("%s begins: %v, %+v", server, err, out.ingest(t, room))
			}
			if err := out.hook(server, shape(server, room, key, false)); err != nil || out.ingest(t, room).State != video.Waiting {
				t.Errorf("%s ends: %v, %+v", server, err, out.ingest(t, room))
			}
			external = stream
		}
		if p := r.live(t, external, "1"); p.wait(t) == nil {
			t.Error("a room of an external server is pushed to here")
		}
		ours := r.Live(t)
		_, key, _ := strings.Cut(r.key(t, ours), "?key=")
		if err := out.hook("srs", shape("srs", ours, key, true)); fault.Code(err) != "ingest.refused" {
			t.Errorf("a room that is pushed to here: %v", err)
		}
	})
}

// A hook that comes again changes nothing, and one of an earlier push does not end
// the present one: servers name their pushes.
func TestAHookThatComesAgainChangesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		out := r.node(t, func(c *video.Config) {
			c.External = video.Vendor{Scheme: video.Plain, Push: "rtmp://srs.bank.cn/live/{stream}", Pull: "https://play.bank.cn/live/{stream}.m3u8"}
		})
		for server, named := range map[string][2]string{"srs": {"341w361a", "341w361b"}, "nginx-rtmp": {"clientid=7", "clientid=8"}} {
			room := r.Live(t)
			if _, err := out.SetKind(out.Ctx, r.Bank.ID, room, r.by, video.External); err != nil {
				t.Fatal(err)
			}
			_, key, _ := strings.Cut(out.key(t, room), "?key=")
			begins, ends := shape(server, room, key, true), shape(server, room, key, false)
			next := strings.Replace(begins, named[0], named[1], 1)
			send := func(body string) {
				t.Helper()
				if err := out.hook(server, body); err != nil {
					t.Errorf("%s: %v", server, err)
				}
			}
			again := func(what, body string) {
				t.Helper()
				testkit.Unchanged(t, r.DB, server+": "+what, func() { send(body) })
			}
			send(begins)
			again("the beginning again", begins)
			send(next) // takes its place
			again("the end of the one before", ends)
			send(strings.Replace(ends, named[0], named[1], 1))
			again("the end again", ends)
		}
	})
}

// What is not a server's hook is said to be so.
func TestHooksThatAreNone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ server, body, code string }{
		{"wowza", "{}", "not_found"}, {"srs", "{", "bad_request"}, {"srs", `{"action":7}`, "bad_request"}, {"mediamtx", "[]", "bad_request"},
		{"nginx-rtmp", "a=%zz", "bad_request"}, {"srs", `{"action":"on_publish","client_id":"` + strings.Repeat("x", 65) + `"}`, "bad_request"},
	} {
		if _, err := video.ReadHook(c.server, []byte(c.body)); fault.Code(err) != c.code {
			t.Errorf("%s %s: %v", c.server, c.body, err)
		}
	}
	for _, body := range []string{`{"action":"read","path":"live/x"}`, `{"action":"playback"}`} {
		if h, err := video.ReadHook("mediamtx", []byte(body)); err != nil || h.Begins || h.Ends {
			t.Errorf("%s: %+v %v", body, h, err)
		}
	}
}
