package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"yinbo/bench/private"
	"yinbo/internal/db"
	"yinbo/internal/redisdb"
	"yinbo/internal/stampede"
	"yinbo/live"
	"yinbo/live/bus"
)

// side is a server that is measured, and how events come to its room.
type side struct {
	name    string
	process *private.Process
	target  stampede.Target
	room    string
	fact    func(ctx context.Context) error        // one of about 200 bytes
	chats   func(ctx context.Context, n int) error // n of about 200 bytes at once
	stock   func(ctx context.Context) error        // one of a sale
	close   func()
}

// filler makes an event's text long enough for about 200 bytes in all.
const filler = "现在讲解的是三号链接，丹东草莓，产地直发，限量两百份"

// unsent is where the time of publication is put in, in microseconds.
const unsent = `"sent_us":"0000000000000000"`

// stamp says in an event when it is published: now, after its commit.
func stamp(event []byte) []byte {
	return bytes.Replace(event, []byte(unsent), fmt.Appendf(nil, `"sent_us":"%016d"`, time.Now().UnixMicro()), 1)
}

// stamping is a bus that puts the time of publication into events.
type stamping struct{ bus.Bus }

func (s stamping) Publish(ctx context.Context, channel string, m bus.Message) error {
	m.Event = stamp(m.Event)
	return s.Bus.Publish(ctx, channel, m)
}

// ours starts a node, and makes this process another.
func (p *place) ours(ctx context.Context, env ...string) (*side, error) {
	node, err := p.Yinbo(ctx, append(p.Env[:len(p.Env):len(p.Env)], env...)...)
	if err != nil {
		return nil, err
	}
	client, closeRedis, err := redisdb.Open(ctx, p.RedisURL)
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.DiscardHandler)
	between := bus.NewRedis(client, log)
	rooms := live.New(live.Deps{DB: p.DB, Bus: stamping{between}, Log: log})
	left := int64(1_000_000)
	return &side{name: "ours", process: node, room: p.room,
		target: stampede.Target{Addr: node.Addr, Bank: "demo", HandoffKey: "demo-handoff-key"},
		fact: func(ctx context.Context) error {
			return p.DB.InTx(ctx, func(tx *db.Tx) error {
				return rooms.Fact(ctx, tx, p.bank, p.room, "notice", map[string]string{"text": filler, "sent_us": "0000000000000000"})
			})
		},
		chats: func(ctx context.Context, n int) error {
			all := make([]live.Saying, n)
			for i := range all {
				all[i] = live.Saying{Bank: p.bank, Room: p.room, Who: live.Speaker{ID: "vwr_01jd0000000000000000000000", Nickname: "观众"}, Text: filler[:60]}
			}
			_, err := rooms.SayAll(ctx, all)
			return err
		},
		stock: func(context.Context) error {
			left--
			rooms.State(p.room, "flash.stock", "flash_bench", map[string]any{"flash_id": "flash_01jd0000000000000000000000", "left": left})
			return nil
		},
		close: func() {
			node.Stop()
			_ = between.Close()
			closeRedis()
		}}, nil
}

// plain starts the plain hub, whose events come by HTTP.
func (p *place) plain(ctx context.Context) (*side, error) {
	x, err := p.Program(ctx, "plain")
	if err != nil {
		return nil, err
	}
	var seq, left atomic.Int64
	post := func(ctx context.Context, events ...string) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+x.Addr+"/events", strings.NewReader(strings.Join(events, "\n")))
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if _, err = io.Copy(io.Discard, res.Body); err == nil && res.StatusCode != http.StatusOK {
			err = fmt.Errorf("the plain hub answered %s", res.Status)
		}
		return err
	}
	at := func() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000Z") }
	return &side{name: "plain", process: x, room: "plain", target: stampede.Target{Addr: x.Addr},
		fact: func(ctx context.Context) error {
			event := fmt.Sprintf(`{"at":%q,"kind":"notice",%s,"seq":%d,"text":%q}`, at(), unsent, seq.Add(1), filler)
			return post(ctx, string(stamp([]byte(event))))
		},
		chats: func(ctx context.Context, n int) error {
			all := make([]string, n)
			for i := range all {
				all[i] = fmt.Sprintf(`{"at":%q,"id":"evt_01jd0000000000000000000000","kind":"chat","text":%q,"viewer":{"id":"vwr_01jd0000000000000000000000","nickname":"观众"}}`, at(), filler[:60])
			}
			return post(ctx, all...)
		},
		stock: func(ctx context.Context) error {
			return post(ctx, fmt.Sprintf(`{"at":%q,"flash_id":"flash_01jd0000000000000000000000","kind":"flash.stock","left":%d}`, at(), left.Add(-1)))
		},
		close: x.Stop}, nil
}

// figure is one that the server tells by name.
func (s *side) figure(ctx context.Context, name string) (float64, error) {
	raw, err := s.ask(ctx, "/metrics")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(raw)) {
		var n float64
		if _, err := fmt.Sscanf(line, name+" %g", &n); err == nil {
			return n, nil
		}
	}
	return 0, fmt.Errorf("%s does not tell %s", s.name, name)
}

// ask reads from the address of a server's figures.
func (s *side) ask(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.process.Metrics+path, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	return io.ReadAll(res.Body)
}

// keep calls make at a rate until ctx ends, which cuts none of them short; what is
// late is made up for. The first error ends it.
func keep(ctx context.Context, rate float64, make func(context.Context) error) error {
	start := time.Now()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Until(start.Add(time.Duration(float64(n) / rate * float64(time.Second))))):
		}
		if err := make(context.WithoutCancel(ctx)); err != nil {
			return err
		}
	}
}
