package hub_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"yinbo/internal/auth"
	"yinbo/live/bus"
)

func TestGuestsWatchAndNoMore(t *testing.T) {
	s, n := stage(t)
	c := n.join(t, s.Live(t), "")
	c.say(map[string]any{"type": "chat", "id": "c1", "text": "你好"})
	c.answered("c1", "auth.required")
	c.say(map[string]any{"type": "like", "id": "l1", "count": 1})
	c.answered("l1", "auth.required")
	c.say(map[string]any{"type": "ping", "id": "p1"})
	c.answered("p1", "")
}

func TestWhatAViewerSaysReachesAll(t *testing.T) {
	s, n := stage(t)
	room := s.Live(t)
	who, token := s.Viewer(t, s.Bank, "小王")
	c, other := n.join(t, room, token), n.join(t, room, "")
	c.say(map[string]any{"type": "chat", "id": "c1", "text": " 你好 <b> "})
	c.answered("c1", "")
	e := other.hears("chat", map[string]any{"text": "你好 <b>"})
	v, _ := e["viewer"].(map[string]any)
	if eventID, _ := e["id"].(string); !strings.HasPrefix(eventID, "evt_") || v["id"] != who.ID || v["nickname"] != "小王" || e["at"] == nil || e["seq"] != nil {
		t.Errorf("chat: %v", e)
	}
	again := n.join(t, room, token) // another socket does not make one faster
	again.say(map[string]any{"type": "chat", "id": "c2", "text": "又来"})
	again.answered("c2", "chat.too_fast")
	if err := s.Rooms.Remove(s.Ctx, s.Bank.ID, room, e["id"].(string), s.Host); err != nil {
		t.Fatal(err)
	}
	other.hears("chat.removed", map[string]any{"id": e["id"], "seq": 2.0})
}

// What is well formed but not acceptable is answered, and does not count as a
// bad frame.
func TestChatsAndLikesHaveBounds(t *testing.T) {
	s, n := stage(t)
	room := s.Live(t)
	_, token := s.Viewer(t, s.Bank, "小王")
	c := n.join(t, room, token)
	for id, f := range map[string]map[string]any{
		"long": {"type": "chat", "text": strings.Repeat("长", 201)}, "empty": {"type": "chat", "text": "  "}, "none": {"type": "chat"},
		"zero": {"type": "like", "count": 0}, "many": {"type": "like", "count": 51}, "minus": {"type": "like", "count": -1},
	} {
		f["id"] = id
		c.say(f)
		c.answered(id, "bad_frame")
	}
	c.say(map[string]any{"type": "chat", "id": "full", "text": strings.Repeat("长", 200)})
	c.answered("full", "")
	for range 3 {
		c.say(map[string]any{"type": "like", "count": 50})
	}
	c.hears("likes", map[string]any{"total": 150.0})
	if j := n.dial(t).joins(room, "", nil); j.State["likes"] != 150.0 || len(j.State["recent_chat"].([]any)) != 1 {
		t.Errorf("the picture has %v", j.State)
	}
}

func TestTheMutedAreSilentUntilTheHostLetsThemSpeak(t *testing.T) {
	s, n := stage(t)
	room := s.Live(t)
	who, token := s.Viewer(t, s.Bank, "大嗓门")
	c, other := n.join(t, room, token), n.join(t, room, "")
	mute := func(d time.Duration) {
		t.Helper()
		if err := s.Rooms.Mute(s.Ctx, s.Bank.ID, room, who.ID, d, s.Host); err != nil {
			t.Fatal(err)
		}
	}
	mute(time.Minute)
	if e := c.hears("muted", nil); e["until_at"] == nil || e["seq"] != nil {
		t.Errorf("muted: %v", e)
	}
	tries(t, c, "chat.muted")
	mute(0)
	tries(t, c, "")
	if len(other.events("muted")) != 0 {
		t.Error("another was told of the mute")
	}
}

// tries says something until it is answered as wanted.
func tries(t *testing.T, c *socket, code string) {
	t.Helper()
	before := len(c.all())
	await(t, "a chat to be answered by "+code, func() bool {
		c.say(map[string]any{"type": "chat", "text": "在吗"})
		var f frame
		await(t, "an answer", func() bool {
			for _, f = range c.all()[before:] {
				if f.Type == "ack" || f.Type == "error" {
					return true
				}
			}
			return false
		})
		before = len(c.all())
		return f.Code == code
	})
}

func TestWordsHoldMessagesBack(t *testing.T) {
	s, n := stage(t)
	room := s.Live(t)
	_, token := s.Viewer(t, s.Bank, "小王")
	c := n.join(t, room, token)
	if _, err := s.Rooms.SetWords(s.Ctx, s.Bank.ID, room, s.Host, []string{"Scam"}); err != nil {
		t.Fatal(err)
	}
	_, second := s.Viewer(t, s.Bank, "小李")
	held := n.join(t, room, second)
	await(t, "the word to be known", func() bool {
		_, token := s.Viewer(t, s.Bank, "路人")
		p := n.join(t, room, token)
		defer p.ws.Close()
		p.say(map[string]any{"type": "chat", "id": "x", "text": "a SCAM!"})
		return p.finds("an answer", func(f frame) bool { return f.ID == "x" }).Code == "chat.held"
	})
	held.say(map[string]any{"type": "chat", "id": "h", "text": "no sCaM here"})
	held.answered("h", "chat.held")
	c.say(map[string]any{"type": "chat", "id": "ok", "text": "fine"})
	c.answered("ok", "")
	c.hears("chat", map[string]any{"text": "fine"})
	for _, e := range c.events("chat") {
		if e["text"] == "no sCaM here" {
			t.Error("what was held back was heard")
		}
	}
}

// A word that is said piece by piece is held where it is whole; what comes after it
// is not.
func TestAWordSplitOverMessagesIsHeld(t *testing.T) {
	s, n := stage(t)
	room := s.Live(t)
	_, token := s.Viewer(t, s.Bank, "小王")
	_, second := s.Viewer(t, s.Bank, "小李")
	if _, err := s.Rooms.SetWords(s.Ctx, s.Bank.ID, room, s.Host, []string{"加微信"}); err != nil {
		t.Fatal(err)
	}
	c, other := n.join(t, room, token), n.join(t, room, second)
	tries := 0
	says := func(c *socket, text, want string) {
		t.Helper()
		var code string
		await(t, "an answer to "+text, func() bool {
			tries++
			name := fmt.Sprint("s", tries)
			c.say(map[string]any{"type": "chat", "id": name, "text": text})
			code = c.finds("an answer", func(f frame) bool { return f.ID == name }).Code
			return code != "chat.too_fast"
		})
		if code != want {
			t.Errorf("%s: %q, want %q", text, code, want)
		}
	}
	says(c, "加", "")
	says(other, "微信", "") // another's words are not one's own
	says(c, "微\u200b", "")
	says(c, "信 abc", "chat.held")
	says(c, "你好", "")
}

func TestPrivateEventsReachTheirViewerAlone(t *testing.T) {
	s, n := stage(t)
	room, room2 := s.Live(t), s.Live(t)
	who, token := s.Viewer(t, s.Bank, "小王")
	_, token2 := s.Viewer(t, s.Bank, "小李")
	one, two := n.join(t, room, token), n.join(t, room2, token)
	others := []*socket{n.join(t, room, token2), n.join(t, room, ""), n.join(t, room, s.Staff(s.Host, auth.Host))}
	s.Rooms.Private(s.Bank.ID, who.ID, "order.updated", map[string]string{"order_id": "ord_1", "status": "paid"})
	for _, c := range []*socket{one, two} {
		if e := c.hears("order.updated", map[string]any{"order_id": "ord_1", "status": "paid"}); e["seq"] != nil {
			t.Errorf("numbered: %v", e)
		}
	}
	s.Notice(t, room, "done")
	for _, c := range others {
		c.hears("notice", nil)
		if len(c.events("order.updated")) != 0 {
			t.Error("another heard of the order")
		}
	}
}

// A private event's frame never names a fact that has not gone out: who is cut
// off after it would not ask for that fact.
func TestAPrivateFrameNamesTheLastFactThatWentOut(t *testing.T) {
	s, n := stage(t)
	room := s.Live(t)
	who, token := s.Viewer(t, s.Bank, "小王")
	c := n.join(t, room, token)
	const rounds = 40
	for i := range rounds {
		s.Notice(t, room, itoa(i))
		s.Rooms.Private(s.Bank.ID, who.ID, "order.updated", map[string]string{"order_id": itoa(i), "status": "paid"})
	}
	c.hears("order.updated", map[string]any{"order_id": itoa(rounds - 1)})
	c.hears("notice", map[string]any{"text": itoa(rounds - 1)})
	last := int64(1)
	for _, f := range c.all()[1:] {
		for _, e := range f.Events {
			if seq, numbered := e["seq"].(float64); numbered {
				last = int64(seq)
			}
		}
		if f.Type == "events" && f.Seq != last {
			t.Fatalf("a frame of seq %d after fact %d: %s", f.Seq, last, f.raw)
		}
	}
}

// Facts count one by one and a frame says which was the last; nothing else bears
// a number; of a state only the latest comes.
func TestClassesOfEvents(t *testing.T) {
	s, n := stage(t)
	room := s.Live(t)
	c := n.join(t, room, "")
	for i := range 200 {
		s.Rooms.State(room, "flash.stock", "flash_1", map[string]any{"flash_id": "flash_1", "left": 199 - i})
	}
	s.Rooms.Ticker(room, "小王", "大米")
	s.Notice(t, room, "欢迎")
	if _, err := s.Rooms.Pin(s.Ctx, s.Bank.ID, room, s.Host, nil); err != nil {
		t.Fatal(err)
	}
	p := c.hears("product.pinned", map[string]any{"seq": 3.0})
	if sku, there := p["sku_id"]; !there || sku != nil {
		t.Errorf("pinned: %v", p)
	}
	c.hears("flash.stock", map[string]any{"left": 0.0, "flash_id": "flash_1"})
	c.hears("order.ticker", map[string]any{"nickname_masked": "小***", "title": "大米"})
	if stock := c.events("flash.stock"); len(stock) > 100 {
		t.Errorf("%d stock events of 200 came", len(stock))
	}
	last := int64(1)
	for _, f := range c.all()[1:] {
		for _, e := range f.Events {
			if e["kind"] == nil || e["at"] == nil {
				t.Errorf("event %v", e)
			}
			if seq, numbered := e["seq"].(float64); numbered {
				if last++; int64(seq) != last {
					t.Errorf("fact %v where %d should be", e, last)
				}
			}
		}
		if f.Type == "events" && f.Seq != last {
			t.Errorf("a frame of seq %d after fact %d", f.Seq, last)
		}
	}
}

// Talk is sampled when a room is too loud: a tick carries a bounded part of it,
// in order, and facts are not touched.
func TestTalkIsSampledAndFactsAreNot(t *testing.T) {
	s, n := stage(t)
	room := s.Live(t)
	c := n.join(t, room, "")
	for i := range 5000 {
		if err := s.Bus.Publish(s.Ctx, bus.RoomChannel(room), bus.Message{Class: bus.Talk, Kind: "chat", Event: []byte(`{"kind":"chat","at":"x","n":` + itoa(i) + `}`)}); err != nil {
			t.Fatal(err)
		}
	}
	s.Notice(t, room, "欢迎")
	c.hears("notice", map[string]any{"seq": 2.0})
	last := -1.0
	for _, f := range c.all() {
		chats := 0
		for _, e := range f.Events {
			if e["kind"] != "chat" {
				continue
			}
			if chats++; e["n"].(float64) <= last {
				t.Errorf("message %v after %v", e["n"], last)
			}
			last = e["n"].(float64)
		}
		if chats > 40 {
			t.Errorf("a tick carried %d messages", chats)
		}
	}
}

func TestTheEndOfARoomIsTheLastThingHeard(t *testing.T) {
	s, n := stage(t)
	room := s.Live(t)
	c := n.join(t, room, "")
	if _, err := s.Rooms.End(s.Ctx, s.Bank.ID, room, s.Host); err != nil {
		t.Fatal(err)
	}
	c.ends()
	all := c.all()
	b := all[len(all)-1]
	if b.Type != "bye" || b.Reason != "ended" || b.Reconnect != nil || !strings.Contains(b.raw, `"reconnect_ms":null`) {
		t.Errorf("the last frame is %s", b.raw)
	}
	if e := c.events("room.ended"); len(e) != 1 || e[0]["seq"] != 2.0 {
		t.Errorf("ended: %v", e)
	}
	if j := n.dial(t).joins(room, "", nil); j.State["room"].(map[string]any)["status"] != "ended" {
		t.Errorf("an ended room shows %v", j.State["room"])
	}
}
