package video

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Scheme is how an external server wants its addresses signed.
type Scheme string

// The schemes.
const (
	Plain   Scheme = "plain"   // SRS, nginx-rtmp, MediaMTX: by the room's key alone
	Tencent Scheme = "tencent" // CSS: txSecret, txTime
	Aliyun  Scheme = "aliyun"  // ApsaraVideo Live, type A: auth_key
)

// Vendor is the external server that rooms may name. In Push and Pull {stream}
// stands for the room's id.
type Vendor struct {
	Scheme           Scheme
	Push, Pull       string
	PushKey, PullKey string
}

const streamMark = "{stream}"

// On tells that there is one.
func (v Vendor) On() bool { return v.Pull != "" }

// Validate names what is missing or wrong.
func (v Vendor) Validate() error {
	if v == (Vendor{Scheme: v.Scheme}) {
		return nil
	}
	var problems []error
	if push, err := url.Parse(v.Push); err != nil || push.Scheme != "rtmp" && push.Scheme != "rtmps" || push.Host == "" || !strings.Contains(v.Push, "/"+streamMark) {
		problems = append(problems, fmt.Errorf("video_push_url: not an rtmp address with /%s in it", streamMark))
	}
	if pull, err := url.Parse(v.Pull); err != nil || pull.Scheme != "https" && pull.Scheme != "http" || pull.Host == "" || !strings.Contains(v.Pull, streamMark) {
		problems = append(problems, fmt.Errorf("video_pull_url: not an http address with %s in it", streamMark))
	}
	switch v.Scheme {
	case Plain:
	case Tencent, Aliyun:
		if v.PushKey == "" || v.PullKey == "" {
			problems = append(problems, fmt.Errorf("video_push_key, video_pull_key: %s signs with both", v.Scheme))
		}
	default:
		problems = append(problems, fmt.Errorf("video_scheme: %q is none of plain, tencent, aliyun", v.Scheme))
	}
	return errors.Join(problems...)
}

// Origin is where pages must be let to, "" for none.
func (v Vendor) Origin() string {
	u, err := url.Parse(v.Pull)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// push is the server's address and the stream key behind it, as OBS asks for
// them; key is the room's, which the server's hooks bring back to us.
func (v Vendor) push(room, key string, expires time.Time) (server, stream string) {
	at := strings.Index(v.Push, "/"+streamMark)
	if at < 0 {
		return "", ""
	}
	address := strings.ReplaceAll(v.Push, streamMark, room)
	signed := withQuery(v.sign(address, room, v.PushKey, expires), "key="+key)
	return v.Push[:at], signed[at+1:]
}

func (v Vendor) pull(room string, expires time.Time) string {
	return v.sign(strings.ReplaceAll(v.Pull, streamMark, room), room, v.PullKey, expires)
}

// sign adds what the vendor proves an address by. MD5 is theirs to answer for.
func (v Vendor) sign(address, stream, key string, expires time.Time) string {
	switch v.Scheme {
	case Tencent:
		// txSecret = MD5(key + stream + txTime), txTime the end in hexadecimal:
		// cloud.tencent.com/document/product/267/32735.
		until := fmt.Sprintf("%X", expires.Unix())
		return withQuery(address, "txSecret="+hash(key+stream+until)+"&txTime="+until)
	case Aliyun:
		// auth_key = end-rand-uid-MD5(path-end-rand-uid-key), type A:
		// help.aliyun.com/zh/live, "URL 鉴权".
		u, err := url.Parse(address)
		if err != nil {
			return address
		}
		stem := fmt.Sprintf("%d-0-0", expires.Unix())
		return withQuery(address, "auth_key="+stem+"-"+hash(u.Path+"-"+stem+"-"+key))
	}
	return address
}

func withQuery(address, query string) string {
	if strings.Contains(address, "?") {
		return address + "&" + query
	}
	return address + "?" + query
}

func hash(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}
