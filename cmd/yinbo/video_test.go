package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"yinbo/internal/config"
	"yinbo/live/video"
)

// Clouds tell of a push in their own ways, by the key that the push address bears;
// what they tell of another's is refused.
func TestCloudsTellOfPushesOverHTTP(t *testing.T) {
	for scheme, call := range map[video.Scheme]func(t *testing.T, p *product, stream, args string, begins bool) int{
		video.Tencent: func(t *testing.T, p *product, stream, args string, begins bool) int {
			event := map[bool]int{true: 1}[begins]
			status, _, _ := p.send(t, http.MethodPost, "/callbacks/video/tencent", nil, map[string]any{"app": "push.bank.cn", "appid": 12345678, "appname": "live",
				"event_type": event, "sequence": "2210464508206756938", "stream_id": stream, "stream_param": args, "t": 1703732078, "sign": "df49"})
			return status
		},
		video.Aliyun: func(t *testing.T, p *product, stream, args string, begins bool) int {
			action := map[bool]string{true: "publish", false: "publish_done"}[begins]
			q := url.Values{"action": {action}, "app": {"push.bank.cn"}, "appname": {"live"}, "id": {stream}, "ip": {"42.120.74.98"}, "time": {"1609143681"}, "usrargs": {args}}
			status, _, _ := p.send(t, http.MethodGet, "/callbacks/video/aliyun?"+q.Encode(), nil, nil)
			return status
		},
	} {
		t.Run(string(scheme), func(t *testing.T) {
			p := startProduct(t, func(c *config.Config) {
				c.VideoScheme, c.VideoPushURL, c.VideoPullURL = string(scheme), "rtmp://push.bank.cn/live/{stream}", "https://play.bank.cn/live/{stream}.m3u8"
				c.VideoPushKey, c.VideoPullKey = "push-secret", "pull-secret"
			})
			host := p.staff(t, "demo", "host")
			var rooms struct{ Items []struct{ ID, Status string } }
			p.get(t, host, "/host/rooms", 200, &rooms)
			room := rooms.Items[0].ID
			p.call(t, host, http.MethodPut, "/host/rooms/"+room+"/ingest", map[string]string{"kind": "external"}, 200, nil)
			var shown struct{ Key string }
			p.post(t, host, "/host/rooms/"+room+"/ingest/key", nil, 200, &shown)
			stream, args, _ := strings.Cut(shown.Key, "?")
			if stream != room || !strings.Contains(args, "&key=") {
				t.Fatalf("pushed to %s", shown.Key)
			}
			state := func() (in video.Ingest) {
				p.get(t, host, "/host/rooms/"+room+"/ingest", 200, &in)
				return in
			}
			told := func(args string, begins bool, want int, then video.State) {
				t.Helper()
				if status := call(t, p, stream, args, begins); status != want || state().State != then {
					t.Errorf("%d, %+v", status, state())
				}
			}
			told(args+"x", true, 403, video.Waiting)
			told("", true, 403, video.Waiting)
			told(args, true, 200, video.On)
			told(args, true, 200, video.On)
			told(args+"x", false, 403, video.On)
			told(args, false, 200, video.Waiting)
			p.post(t, host, "/host/rooms/"+room+"/ingest/renew", nil, 200, nil)
			told(args, true, 403, video.Waiting)
		})
	}
}
