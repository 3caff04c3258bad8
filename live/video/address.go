package video

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"yinbo/internal/clock"
)

// Kind is where a room's picture comes from.
type Kind string

// The kinds.
const (
	RTMP     Kind = "rtmp"     // pushed to us
	External Kind = "external" // an external server's
)

// Root is where playback stands: Root + room + "/" + signature + "/" + file.
const Root = "/hls/"

// The window of signatures: all who come within one share an address, so that a
// CDN keeps one copy, and it holds for one to two windows.
const signedFor = 12 * time.Hour

// Addresses gives the addresses at which rooms are played.
type Addresses struct {
	key      []byte
	clock    clock.Clock
	external Vendor
}

// NewAddresses signs with a key made of secret, the installation's own.
func NewAddresses(secret []byte, c clock.Clock, external Vendor) *Addresses {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("video playback"))
	return &Addresses{key: mac.Sum(nil), clock: c, external: external}
}

// PlaybackURL is where a room of a kind is played, signed.
func (a *Addresses) PlaybackURL(room, kind string) string {
	expires := a.clock.Now().Truncate(signedFor).Add(2 * signedFor)
	if Kind(kind) == External {
		return a.external.pull(room, expires)
	}
	return a.folder(room, expires) + "index.m3u8"
}

func (a *Addresses) folder(room string, expires time.Time) string {
	until := strconv.FormatInt(expires.Unix(), 36)
	return Root + room + "/" + until + "." + a.mac(room, until) + "/"
}

// good tells whether a signature is ours, for this room, and still holds.
func (a *Addresses) good(room, signature string) bool {
	until, mac, _ := strings.Cut(signature, ".")
	seconds, err := strconv.ParseInt(until, 36, 64)
	return err == nil && hmac.Equal([]byte(mac), []byte(a.mac(room, until))) && a.clock.Now().Unix() < seconds
}

func (a *Addresses) mac(room, until string) string {
	mac := hmac.New(sha256.New, a.key)
	mac.Write([]byte(room + "\x00" + until))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}
