package video

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"strings"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/pii"
)

// State says whether a room is being pushed to.
type State string

// The states.
const (
	Off     State = "off"  // nothing takes pushes
	Waiting State = "idle" // nobody pushes
	On      State = "live"
)

// Ingest is a room's source as its hosts see it. The key is shown apart.
type Ingest struct {
	Kind       Kind         `json:"kind" enum:"rtmp,external"`
	External   bool         `json:"external_available" doc:"An external server is configured"`
	PushURL    string       `json:"push_url" doc:"The server that an encoder is given; the stream key stands beside it"`
	PreviewURL string       `json:"preview_url" doc:"Where its hosts may look, before the start too"`
	State      State        `json:"state" enum:"off,idle,live"`
	BitrateBPS int64        `json:"bitrate_bps"`
	FPS        int64        `json:"fps"`
	Width      int64        `json:"width"`
	Height     int64        `json:"height"`
	Dropped    int64        `json:"dropped" doc:"Frames that came and could not be used, of this push"`
	Recording  bool         `json:"recording"`
	SinceAt    *clock.Stamp `json:"since_at"`
	SeenAt     *clock.Stamp `json:"seen_at" doc:"When it was last heard of"`
	Problem    Problem      `json:"problem" enum:",replaced,stopped,unreadable,no_video,video_codec,audio_codec,keyframes,timestamps,bitrate" doc:"Why the last push ended, when it was not its own wish"`
	ProblemAt  *clock.Stamp `json:"problem_at"`
}

// Staff is who asks.
type Staff struct {
	ID        string
	Operator  bool
	RequestID string
}

func (v *Video) audit(ctx context.Context, tx *db.Tx, bank, room, action string, by Staff, detail map[string]any) error {
	return audit.Write(ctx, tx, audit.Entry{Bank: bank, ActorKind: "staff", Actor: by.ID, Action: action, Object: room, Detail: detail, RequestID: by.RequestID})
}

func keyPlace(bank, room string) pii.Place {
	return pii.Place{Bank: bank, Table: "room_ingest", Column: "key_sealed", Row: room}
}

// keyHash is what is kept of a key for checking it.
func (v *Video) keyHash(ctx context.Context, bank, key string) (string, error) {
	return v.Keys.Hash(ctx, bank, "room_ingest.key", key)
}

// newKey makes a key of 160 bits, in letters and digits that can be read out.
func newKey() string {
	raw := make([]byte, 20)
	rand.Read(raw)
	return strings.ToLower(base32.StdEncoding.EncodeToString(raw))
}

// Ingest shows a room's source; 404 not_found.
func (v *Video) Ingest(ctx context.Context, bank, room string, by Staff) (Ingest, error) {
	if err := v.Rooms.HostMay(ctx, bank, room, by.ID, by.Operator); err != nil {
		return Ingest{}, err
	}
	r, err := readIngest(ctx, v.DB, bank, room)
	if err != nil {
		return Ingest{}, err
	}
	in := r.Ingest
	in.External = v.External.On()
	in.PreviewURL = v.Addresses.address(room, in.Kind, hosts)
	switch in.State = Waiting; {
	case in.Kind == External:
		in.PushURL, _ = v.External.push(room, "", v.DB.Clock().Now())
	case v.On():
		in.PushURL = v.PushURL
	default:
		in.State = Off
	}
	if r.live(v.DB.Clock().Now()) {
		in.State = On
	} else {
		in.BitrateBPS, in.FPS, in.Recording, in.SinceAt = 0, 0, false, nil
	}
	return in, nil
}

// Key shows the stream key that belongs beside the push address, and makes it
// when there is none yet. It is audited.
func (v *Video) Key(ctx context.Context, bank, room string, by Staff) (string, error) {
	return v.key(ctx, bank, room, "ingest.key_shown", by, false)
}

// Renew makes another key; a push under the old one is cut. It is audited.
func (v *Video) Renew(ctx context.Context, bank, room string, by Staff) (string, error) {
	return v.key(ctx, bank, room, "ingest.key_renewed", by, true)
}

func (v *Video) key(ctx context.Context, bank, room, action string, by Staff, renew bool) (string, error) {
	if err := v.Rooms.HostMay(ctx, bank, room, by.ID, by.Operator); err != nil {
		return "", err
	}
	fresh := newKey()
	sealed, err := v.Keys.Seal(ctx, keyPlace(bank, room), pii.Clear(fresh))
	if err != nil {
		return "", err
	}
	hash, err := v.keyHash(ctx, bank, fresh)
	if err != nil {
		return "", err
	}
	var kept string
	var kind Kind
	err = v.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := tx.InsertIgnore(ctx, "room_ingest (room_id, bank_id, key_hash, key_sealed)", [][]any{{room, bank, hash, sealed}}); err != nil {
			return err
		}
		if renew {
			if err := v.rekey(ctx, tx, bank, room, hash, sealed); err != nil {
				return err
			}
		}
		r, err := readIngest(ctx, tx, bank, room)
		if err != nil {
			return err
		}
		kept, kind = r.sealed, r.Kind
		return v.audit(ctx, tx, bank, room, action, by, nil)
	})
	if err != nil {
		return "", err
	}
	if renew {
		v.stop(room)
	}
	clear, err := v.Keys.Open(ctx, keyPlace(bank, room), kept)
	if err != nil {
		return "", err
	}
	return v.streamKey(room, kind, clear.Reveal()), nil
}

// pushFor is how long an external server's signed push address holds.
const pushFor = 24 * time.Hour

// streamKey is what an encoder is given beside the address.
func (v *Video) streamKey(room string, kind Kind, key string) string {
	if kind == External {
		_, stream := v.External.push(room, key, v.DB.Clock().Now().Add(pushFor))
		return stream
	}
	return room + "?key=" + key
}

// SetKind changes where the room's picture comes from; a push is cut. 422 kind
// where no external server is configured.
func (v *Video) SetKind(ctx context.Context, bank, room string, by Staff, kind Kind) (Ingest, error) {
	if err := v.Rooms.HostMay(ctx, bank, room, by.ID, by.Operator); err != nil {
		return Ingest{}, err
	}
	if kind == External && !v.External.On() {
		return Ingest{}, fault.InvalidField("kind", "field.not_allowed")
	}
	err := v.DB.InTx(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(ctx, "UPDATE room SET video_kind = ? WHERE bank_id = ? AND id = ?", string(kind), bank, room); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE room_ingest SET push_id = NULL, since_at = NULL WHERE bank_id = ? AND room_id = ?", bank, room); err != nil {
			return err
		}
		return v.audit(ctx, tx, bank, room, "ingest.kind", by, map[string]any{"kind": kind})
	})
	if err != nil {
		return Ingest{}, err
	}
	v.stop(room)
	return v.Ingest(ctx, bank, room, by)
}

// stop cuts this node's push of a room; another node's finds out by its next beat.
func (v *Video) stop(room string) {
	v.mu.Lock()
	p := v.pushes[room]
	v.mu.Unlock()
	if p != nil {
		p.cut(ProblemStopped)
	}
}

// proved tells whether a key is the room's, in the same time whatever it is.
func (v *Video) proved(ctx context.Context, r ingestRow, key string) (bool, error) {
	hash, err := v.keyHash(ctx, r.bank, key)
	return err == nil && subtle.ConstantTimeCompare([]byte(hash), []byte(r.hash)) == 1, err
}
