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

// actions are what servers call the beginning and the end of a push.
var actions = map[string]map[bool]string{"srs": {true: "on_publish", false: "on_unpublish"}, "nginx-rtmp": {true: "publish", false: "publish_done"},
	"mediamtx": {true: "publish", false: "unpublish"}, "tencent": {true: "1", false: "0"}, "aliyun": {true: "publish", false: "publish_done"}}

// shape is what a server sends when a push begins or ends.
func shape(server, room, key string, begins bool) string {
	action := actions[server][begins]
	switch server {
	case "tencent":
		return fmt.Sprintf(`{"app":"push.bank.cn","appid":12345678,"appname":"live","channel_id":%q,"errcode":0,"errmsg":"ok","event_time":1703731478,"event_type":%s,"height":0,"idc_id":34,"node":"42.81.194.37","sequence":"2210464508206756938","set_id":2,"sign":"df49","stream_id":%[1]q,"stream_param":"txSecret=f85a&txTime=5C271099&key=%[3]s","t":1703732078,"user_ip":"1.1.1.1","width":0}`, room, action, key)
	case "aliyun":
		return url.Values{"action": {action}, "app": {"push.bank.cn"}, "appname": {"live"}, "id": {room}, "ip": {"42.120.74.98"}, "node": {"cdnvideocenter010207116011.cm3"},
			"time": {"1609143681"}, "usrargs": {"vhost=push.bank.cn&auth_key=1609143681-0-0-a&key=" + key}, "height": {"720"}, "width": {"1280"}}.Encode()
	case "srs":
		return fmt.Sprintf(`{"server_id":"vid-0xk989d","action":%q,"client_id":"341w361a","ip":"127.0.0.1","vhost":"__defaultVhost__","app":"live","tcUrl":"rtmp://127.0.0.1:1935/live","stream":%q,"param":"?key=%s"}`, action, room, key)
	case "nginx-rtmp":
		return url.Values{"app": {"live"}, "flashver": {"FMLE/3.0"}, "tcurl": {"rtmp://h/live"}, "addr": {"127.0.0.1"}, "clientid": {"7"},
			"call": {action}, "name": {room}, "type": {"live"}, "key": {key}}.Encode()
	}
	return fmt.Sprintf(`{"user":"","password":"","token":"","ip":"127.0.0.1","action":%q,"path":"live/%s","protocol":"rtmp","id":"a3f","query":"key=%s"}`, action, room, key)
}

func (r *rig) hook(server, body string) error {
	h, err := readHook(server, body)
	if err != nil {
		return err
	}
	return r.Hooked(r.Ctx, h)
}

func readHook(server, body string) (video.Hook, error) {
	if server != "aliyun" {
		return video.ReadHook(server, []byte(body))
	}
	q, err := url.ParseQuery(body)
	if err != nil {
		return video.Hook{}, err
	}
	return video.AliyunHook(q.Get("action"), q.Get("id"), q.Get("usrargs"))
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
		for server := range actions {
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
		for server, named := range map[string][2]string{"srs": {"341w361a", "341w361b"}, "nginx-rtmp": {"clientid=7", "clientid=8"},
			"tencent": {"2210464508206756938", "2210464508206756939"}} {
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
		{"nginx-rtmp", "a=%zz", "bad_request"}, {"aliyun", "usrargs=a%3D%25zz", "bad_request"}, {"tencent", `{"sequence":8}`, "bad_request"}, {"srs", `{"action":"on_publish","client_id":"` + strings.Repeat("x", 65) + `"}`, "bad_request"},
	} {
		if _, err := readHook(c.server, c.body); fault.Code(err) != c.code {
			t.Errorf("%s %s: %v", c.server, c.body, err)
		}
	}
	for _, c := range [][2]string{{"mediamtx", `{"action":"read","path":"live/x"}`}, {"mediamtx", `{"action":"playback"}`}, {"tencent", `{"event_type":100,"stream_id":"x"}`},
		{"tencent", `{"stream_id":"x"}`}, {"aliyun", "action=record&id=x"}} {
		if h, err := readHook(c[0], c[1]); err != nil || h.Begins || h.Ends {
			t.Errorf("%s %s: %+v %v", c[0], c[1], h, err)
		}
	}
}
