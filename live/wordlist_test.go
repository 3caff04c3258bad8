package live_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"yinbo/internal/clock"
	"yinbo/internal/fault"
	"yinbo/internal/testkit"
	"yinbo/live"
	"yinbo/live/bus"
	"yinbo/live/livetest"
	"yinbo/live/words"
)

func TestTheBanksWordsHoldInAllRooms(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		bank, room, next := s.Bank.ID, s.Live(t), s.Live(t)
		told := heard(t, s, next)
		n, err := s.Rooms.SetWordList(s.Ctx, bank, "", s.Operator, []words.Word{{Text: "诈骗", Severity: words.Block}, {Text: "返现", Severity: words.Warn}})
		if err != nil || n != 2 {
			t.Fatal(n, err)
		}
		if len(told(bus.Control)) != 1 {
			t.Error("the nodes of a live room were not told")
		}
		_, err = s.Rooms.SetWords(s.Ctx, bank, room, s.Host, []string{"贷款"})
		wants(t, "words", err, "")
		for text, want := range map[string][2]live.Verdict{
			"诈 骗": {live.Block, live.Block}, "詐騙貸款": {live.Block, live.Block}, "貸款": {live.Hold, live.Show}, "返现": {live.Show, live.Show}, "大米": {live.Show, live.Show},
		} {
			if got := [2]live.Verdict{rules(t, s, room).Judge(text), rules(t, s, next).Judge(text)}; got != want {
				t.Errorf("%s: %v, not %v", text, got, want)
			}
		}
		// The contract's list replaces what holds back, and nothing else.
		_, err = s.Rooms.SetWordList(s.Ctx, bank, room, s.Host, []words.Word{{Text: "赌博", Severity: words.Block}, {Text: "贷款", Severity: words.Hold}})
		wants(t, "word list", err, "")
		_, err = s.Rooms.SetWords(s.Ctx, bank, room, s.Host, []string{"彩票"})
		wants(t, "words", err, "")
		list, err := s.Rooms.WordList(s.Ctx, bank, room, s.Host, "", "", 10)
		if err != nil || len(list) != 2 || !slices.Contains(list, words.Word{Text: "赌博", Severity: words.Block}) || !slices.Contains(list, words.Word{Text: "彩票", Severity: words.Hold}) {
			t.Errorf("the list is %v: %v", list, err)
		}
		if r := rules(t, s, room); r.Judge("贷款") != live.Show || r.Judge("赌 博") != live.Block || r.Judge("彩票") != live.Hold {
			t.Error("a node has the old list")
		}
		if list, err = s.Rooms.WordList(s.Ctx, s.Other.ID, "", s.Operator, "", "", 10); err != nil || len(list) != 0 {
			t.Errorf("another bank has %v: %v", list, err)
		}
		testkit.Holds(t, s.DB, live.Invariants()...)
	})
}

func TestWordsAreImportedByLines(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		bank := s.Bank.ID
		text := "\ufeff诈骗,block\r\n\r\n返现\twarn\n贷款\n a,b ,hold\n\xff,hold\n赌博,maybe\n,hold\n" + strings.Repeat("长", 61) + "\n诈骗,warn\n"
		got, err := s.Rooms.ImportWords(s.Ctx, bank, "", s.Operator, text, fault.Chinese)
		var bad []string
		for _, e := range got.Refused {
			if e.Text == "" {
				t.Errorf("no text for %s", e.Code)
			}
			bad = append(bad, fmt.Sprint(e.Line, " ", e.Code))
		}
		if err != nil || got.Taken != 4 || strings.Join(bad, ", ") != "6 import.characters, 7 words.severity, 8 field.required, 9 field.too_long" {
			t.Errorf("%d taken, refused %v: %v", got.Taken, bad, err)
		}
		if _, err = s.Rooms.ImportWords(s.Ctx, bank, "", s.Operator, "返现,block", fault.Chinese); err != nil {
			t.Fatal(err)
		}
		list, err := s.Rooms.WordList(s.Ctx, bank, "", s.Operator, "", "", 10)
		if err != nil || fmt.Sprint(list) != "[{a,b hold} {诈骗 warn} {贷款 hold} {返现 block}]" {
			t.Errorf("the list is %v: %v", list, err)
		}
	})
}

func TestAListIsBounded(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		room := s.Live(t)
		var all []words.Word
		for i := range live.MaxWords {
			all = append(all, words.Word{Text: fmt.Sprint("词", i, "号"), Severity: words.Hold})
		}
		if n, err := s.Rooms.SetWordList(s.Ctx, s.Bank.ID, room, s.Host, all); err != nil || n != live.MaxWords {
			t.Fatal(n, err)
		}
		if rules(t, s, room).Judge("有词 49999 号") != live.Hold {
			t.Error("the last word is not looked for")
		}
		wants(t, "one more", s.Rooms.AddWords(s.Ctx, s.Bank.ID, room, s.Host, []words.Word{{Text: "再一个", Severity: words.Hold}}), "validation")
		wants(t, "one again", s.Rooms.AddWords(s.Ctx, s.Bank.ID, room, s.Host, all[:1]), "")
	})
}

// RULES 4: what a bank's people should think over is warned of before it is said.
func TestStaffAreWarnedOfTheirWords(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		bank, room := s.Bank.ID, s.Live(t)
		_, err := s.Rooms.SetWordList(s.Ctx, bank, "", s.Operator, []words.Word{{Text: "赌博", Severity: words.Block}, {Text: "保本", Severity: words.Warn}, {Text: "返现", Severity: words.Hold}})
		wants(t, "word list", err, "")
		for _, c := range []struct{ text, code, confirmed string }{
			{"今晚八点开抢", "", ""},
			{"最快3分钟放款", "words.warned", ""},
			{"免 息 不 免 费", "words.warned", ""},
			{"每天只需2.7元", "words.warned", ""},
			{"保本", "words.warned", ""},
			{"返現", "words.warned", ""},
			{"赌*博", "words.blocked", "words.blocked"},
		} {
			wants(t, c.text, s.Rooms.Notice(s.Ctx, bank, room, s.Host, c.text), c.code)
			wants(t, c.text+" confirmed", s.Rooms.NoticeConfirmed(s.Ctx, bank, room, s.Host, c.text), c.confirmed)
			_, err := s.Rooms.Edit(s.Ctx, bank, room, s.Host, live.Change{Title: &c.text})
			wants(t, c.text+" as a title", err, c.code)
			_, err = s.Rooms.Edit(s.Ctx, bank, room, s.Host, live.Change{Title: &c.text, Confirmed: true})
			wants(t, c.text+" as a title, confirmed", err, c.confirmed)
			_, err = s.Rooms.Create(s.Ctx, bank, s.Host, live.Plan{Title: c.text, StartsAt: s.DB.Clock().Now()})
			wants(t, c.text+" as a new title", err, c.code)
		}
		var f *fault.Error
		err = s.Rooms.Notice(s.Ctx, bank, room, s.Host, "保本，最快3分钟放款")
		if !errors.As(err, &f) || len(f.Fields) != 2 || f.Fields[0].Name != "text" || f.Fields[0].Args[0] != "保本" || f.Fields[1].Args[0] != "最快3分钟放款" {
			t.Errorf("named are %+v", f)
		}
		wants(t, "a stranger is told nothing of words", s.Rooms.Notice(s.Ctx, bank, room, s.Stranger, "保本"), "not_found")
	})
}
