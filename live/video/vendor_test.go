package video_test

import (
	"strings"
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/live/video"
)

// The vendors' own examples: CSS "Hotlink Protection URL Calculation", and CDN
// "Type A signing".
func TestAddressesAreSignedAsTheVendorsDocument(t *testing.T) {
	for _, c := range []struct {
		scheme               video.Scheme
		address, stream, key string
		expires              int64
		want                 string
	}{
		{video.Tencent, "rtmp://livepush.tcloud.com/live/test", "test", "e12c46f2612d5106e2034781ab261ca3", 0x5C271099,
			"rtmp://livepush.tcloud.com/live/test?txSecret=f85a2ab363fe4deaffef9754d79da6fe&txTime=5C271099"},
		{video.Aliyun, "http://cdn.example.com/video/standard/1K.html", "1K", "aliyuncdnexp1234", 1444435200,
			"http://cdn.example.com/video/standard/1K.html?auth_key=1444435200-0-0-80cd3862d699b7118eed99103f2a3a4f"},
		{video.Plain, "https://play.bank.cn/live/a.m3u8", "a", "", 1, "https://play.bank.cn/live/a.m3u8"},
	} {
		if got := (video.Vendor{Scheme: c.scheme}).Sign(c.address, c.stream, c.key, time.Unix(c.expires, 0)); got != c.want {
			t.Errorf("%s: %s", c.scheme, got)
		}
	}
}

func TestAVendorIsWholeOrNotThere(t *testing.T) {
	good := video.Vendor{Scheme: video.Tencent, Push: "rtmp://push.bank.cn/live/{stream}", Pull: "https://play.bank.cn/live/{stream}.m3u8", PushKey: "a", PullKey: "b"}
	if err := good.Validate(); err != nil || !good.On() || good.Origin() != "https://play.bank.cn" {
		t.Errorf("%v %s", err, good.Origin())
	}
	if got := good.PushAddress("room_1", "abc", time.Unix(1, 0)); !strings.HasPrefix(got, "rtmp://push.bank.cn/live/room_1?txSecret=") || !strings.HasSuffix(got, "&key=abc") {
		t.Error(got)
	}
	plain := good
	plain.Scheme = video.Plain
	if got := plain.PushAddress("room_1", "abc", time.Unix(1, 0)); got != "rtmp://push.bank.cn/live/room_1?key=abc" {
		t.Error(got)
	}
	if err := (video.Vendor{Scheme: video.Plain}).Validate(); err != nil {
		t.Errorf("none: %v", err)
	}
	for name, change := range map[string]func(*video.Vendor){
		"video_push_url": func(v *video.Vendor) { v.Push = "http://push.bank.cn/{stream}" },
		"video_pull_url": func(v *video.Vendor) { v.Pull = "https://play.bank.cn/live.m3u8" },
		"video_pull_key": func(v *video.Vendor) { v.PullKey = "" },
		"video_scheme":   func(v *video.Vendor) { v.Scheme = "other" },
	} {
		bad := good
		change(&bad)
		if err := bad.Validate(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An address is signed once for hours, is the same for all who come meanwhile, and
// opens its own room only.
func TestPlaybackIsSignedForARoomAndForHours(t *testing.T) {
	c := clock.NewFake(time.Date(2026, 11, 27, 11, 59, 0, 0, time.UTC))
	a := video.NewAddresses([]byte("secret"), c, video.Vendor{})
	v := video.New(video.Deps{Config: video.Config{RTMPAddr: "off", Clip: true}, Addresses: a, Log: quiet})
	defer v.Close()
	signed := a.PlaybackURL("room_1", "rtmp")
	segment := strings.Replace(signed, "index.m3u8", "replay.m3u8", 1)
	if got := status(v, segment); got != 404 {
		t.Fatalf("signed: %d", got)
	}
	c.Advance(30 * time.Second)
	if a.PlaybackURL("room_1", "rtmp") != signed {
		t.Error("a second viewer gets another address")
	}
	part := strings.Split(signed, "/")
	until, mac, _ := strings.Cut(part[3], ".")
	for name, path := range map[string]string{
		"another room":  strings.Replace(segment, "room_1", "room_2", 1),
		"no signature":  "/hls/room_1/1.ts/1.ts",
		"another end":   strings.Replace(segment, until, until[:len(until)-1]+"z", 1),
		"another mac":   strings.Replace(segment, mac, strings.Repeat("A", len(mac)), 1),
		"half a mac":    strings.Replace(segment, mac, mac[:8], 1),
		"another's key": video.NewAddresses([]byte("other"), c, video.Vendor{}).PlaybackURL("room_1", "rtmp"),
	} {
		if got := status(v, path); got != 403 {
			t.Errorf("%s: %d", name, got)
		}
	}
	c.Advance(12 * time.Hour)
	if got := status(v, segment); got != 404 {
		t.Errorf("after 12 h: %d", got)
	}
	c.Advance(12 * time.Hour)
	if got := status(v, segment); got != 403 {
		t.Errorf("after 24 h: %d", got)
	}
}
