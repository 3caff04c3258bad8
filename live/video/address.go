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
	return a.address(room, Kind(kind), viewers)
}

// SoundURL is where the sound alone of a room of a kind is played; "" where
// nothing is known of it. A push may have none: it is 404 then.
func (a *Addresses) SoundURL(room, kind string) string {
	if Kind(kind) == External {
		return ""
	}
	return a.folder(room, viewers) + soundName
}

func (a *Addresses) address(room string, kind Kind, who audience) string {
	if kind == External {
		return a.external.pull(room, a.expires())
	}
	return a.folder(room, who) + indexName
}

func (a *Addresses) expires() time.Time { return a.clock.Now().Truncate(signedFor).Add(2 * signedFor) }

// audience is who an address was signed for.
type audience string

const (
	nobody  audience = ""
	viewers audience = "viewers" // from the room's start on
	hosts   audience = "hosts"   // rehearsals, too
)

func (a *Addresses) folder(room string, who audience) string {
	until := strconv.FormatInt(a.expires().Unix(), 36)
	return Root + room + "/" + until + "." + a.mac(room, until, who) + "/"
}

// signedTo tells for whom a room's signature is; nobody when it is not ours, or
// does not hold any more.
func (a *Addresses) signedTo(room, signature string) audience {
	until, mac, _ := strings.Cut(signature, ".")
	seconds, err := strconv.ParseInt(until, 36, 64)
	if err != nil || a.clock.Now().Unix() >= seconds {
		return nobody
	}
	for _, who := range []audience{viewers, hosts} {
		if hmac.Equal([]byte(mac), []byte(a.mac(room, until, who))) {
			return who
		}
	}
	return nobody
}

func (a *Addresses) mac(room, until string, who audience) string {
	mac := hmac.New(sha256.New, a.key)
	mac.Write([]byte(room + "\x00" + until + "\x00" + string(who)))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}
