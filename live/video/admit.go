package video

import (
	"context"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// storeTime bounds what a push asks of the database.
const storeTime = 5 * time.Second

// refused is the answer to a push that may not be: one for all reasons.
func refused() error { return fault.New(fault.Forbidden, "ingest.refused") }

// admit lets a push in by its room's key. It takes the place of one that is on:
// an encoder that lost its connection comes back before we have noticed.
func (v *Video) admit(ctx context.Context, p *push, key string) (bank string, err error) {
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	if !v.mayStart(p.room) {
		return "", fault.New(fault.Unavailable, "unavailable")
	}
	r, err := v.proven(ctx, p.room, key)
	if err != nil {
		return "", err
	}
	err = v.DB.InTx(ctx, func(tx *db.Tx) error {
		ok, err := claim(ctx, tx, r.bank, p.room, r.hash, RTMP, p.id, v.NodeURL)
		if err == nil && !ok {
			err = refused()
		}
		return err
	})
	if err != nil {
		return "", err
	}
	p.begun.Store(r.status != scheduled)
	v.mu.Lock()
	before := v.pushes[p.room]
	v.pushes[p.room] = p
	v.mu.Unlock()
	if before != nil {
		before.cut(ProblemReplaced)
	}
	return r.bank, nil
}

// mayStart bounds how many rooms are pushed to at this node.
func (v *Video) mayStart(room string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.pushes) < pushesMax || v.pushes[room] != nil
}

// proven reads a room whose key it is.
func (v *Video) proven(ctx context.Context, room, key string) (ingestRow, error) {
	r, err := readRoom(ctx, v.DB, room)
	if err != nil {
		if fault.From(err).Kind == fault.NotFound {
			err = refused()
		}
		return r, err
	}
	ok, err := v.proved(ctx, r, key)
	if err == nil && !ok {
		err = refused()
	}
	return r, err
}

// part ends a push's claim.
func (v *Video) part(ctx context.Context, p *push) {
	v.mu.Lock()
	if v.pushes[p.room] == p {
		delete(v.pushes, p.room)
	}
	v.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	err := v.DB.InTx(ctx, func(tx *db.Tx) error { return release(ctx, tx, p.bank, p.room, p.id, p.why()) })
	if err != nil { // it is believed no longer than a silent node's
		v.Log.Warn("push not ended in the database", "room", p.room, "error", err)
	}
}

// beatFor tells the database how a push is until the function it gives is called.
func (v *Video) beatFor(p *push) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(beatTime)
		defer tick.Stop()
		bytes, frames, at := p.meter.total.Load(), p.frames.Load(), time.Now()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			b, f, took := p.meter.total.Load(), p.frames.Load(), time.Since(at).Seconds()
			h := pulse{bitrate: int64(float64(8*(b-bytes)) / took), fps: int64(float64(f-frames)/took + 0.5),
				width: p.width.Load(), height: p.height.Load(), dropped: p.dropped.Load()}
			bytes, frames, at = b, f, time.Now()
			if k := p.keeper.Load(); k != nil && k.on.Load() {
				h.recording = 1
			}
			if h.bitrate > bitrateMax {
				p.cut(ProblemBitrate)
			}
			v.tell(ctx, p, h)
		}
	}()
	return func() { cancel(); <-done }
}

// tell cuts a push that is not the room's any more. A database that does not
// answer cuts nobody.
func (v *Video) tell(ctx context.Context, p *push, h pulse) {
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	var theirs, begun bool
	err := v.DB.InTx(ctx, func(tx *db.Tx) (err error) {
		theirs, begun, err = beat(ctx, tx, p.bank, p.room, p.id, h)
		return err
	})
	if err == nil {
		p.begun.Store(begun)
	}
	switch {
	case err != nil && ctx.Err() == nil:
		v.Log.Warn("push not told to the database", "room", p.room, "error", err)
	case err == nil && !theirs:
		p.cut(ProblemStopped)
	}
}
