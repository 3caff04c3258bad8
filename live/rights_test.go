package live_test

import (
	"slices"
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/id"
	"yinbo/live"
	"yinbo/live/livetest"
)

// Who may do what: a host everything in their room, an assistant the shelf,
// notices and moderation, others nothing; who was let in lets nobody in.
func TestPartsAndWhatTheyMay(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		bank, viewer := s.Bank.ID, func() string { v, _ := s.Viewer(t, s.Bank, "观众"); return v.ID }
		room := s.Live(t)
		helper := s.Colleague(t, "助理小美")
		if _, err := s.Rooms.Share(s.Ctx, bank, room, s.Host, helper.ID, live.PartAssistant); err != nil {
			t.Fatal(err)
		}
		second := s.Colleague(t, "主播小方")
		if _, err := s.Rooms.Share(s.Ctx, bank, room, s.Host, second.ID, live.PartHost); err != nil {
			t.Fatal(err)
		}
		off := false
		speaker, _ := s.Viewer(t, s.Bank, "小王")
		said := func() string {
			m, err := s.Rooms.Say(s.Ctx, bank, room, live.Speaker{ID: speaker.ID}, "好")
			if err != nil {
				t.Fatal(err)
			}
			return m.ID
		}
		type try func(by live.Staff) error
		view := func(_ any, err error) error { return err }
		for name, c := range map[string]struct {
			do   try
			help string // an assistant's answer
			mate string // another host's
		}{
			"notice": {func(by live.Staff) error { return s.Rooms.Notice(s.Ctx, bank, room, by, "欢迎") }, "", ""},
			"shelf":  {func(by live.Staff) error { return view(s.Rooms.SetShelf(s.Ctx, bank, room, by, nil)) }, "", ""},
			"pin":    {func(by live.Staff) error { return view(s.Rooms.Pin(s.Ctx, bank, room, by, nil)) }, "", ""},
			"board":  {func(by live.Staff) error { return view(s.Rooms.Board(s.Ctx, bank, room, by)) }, "", ""},
			"mute":   {func(by live.Staff) error { return s.Rooms.Mute(s.Ctx, bank, room, viewer(), time.Minute, by) }, "", ""},
			"ban":    {func(by live.Staff) error { return s.Rooms.Ban(s.Ctx, bank, room, viewer(), 0, "骗子", by) }, "", ""},
			"remove": {func(by live.Staff) error { return s.Rooms.Remove(s.Ctx, bank, room, said(), by) }, "", ""},
			"release": {func(by live.Staff) error {
				return s.Rooms.Release(s.Ctx, bank, room, s.Held(t, room, speaker, "嗯"), by)
			}, "", ""},
			"refuse": {func(by live.Staff) error {
				return s.Rooms.Refuse(s.Ctx, bank, room, s.Held(t, room, speaker, "嗯"), by)
			}, "", ""},
			"chat mode": {func(by live.Staff) error {
				return view(s.Rooms.SetChat(s.Ctx, bank, room, by, live.ChatChange{Closed: &off}))
			}, "", ""},
			"chat":       {func(by live.Staff) error { return view(s.Rooms.Chat(s.Ctx, bank, room, by, live.ChatFilter{Limit: 1})) }, "", ""},
			"muted":      {func(by live.Staff) error { return view(s.Rooms.Muted(s.Ctx, bank, room, by, "", 1)) }, "", ""},
			"banned":     {func(by live.Staff) error { return view(s.Rooms.Banned(s.Ctx, bank, room, by, "", 1)) }, "", ""},
			"words":      {func(by live.Staff) error { return view(s.Rooms.SetWords(s.Ctx, bank, room, by, nil)) }, "", ""},
			"word list":  {func(by live.Staff) error { return view(s.Rooms.WordList(s.Ctx, bank, room, by, "", "", 1)) }, "", ""},
			"log":        {func(by live.Staff) error { return view(s.Rooms.Lines(s.Ctx, bank, room, by, live.LogFilter{Limit: 1})) }, "", ""},
			"replay":     {func(by live.Staff) error { return view(s.Rooms.Replay(s.Ctx, bank, room, by, time.Time{}, 1)) }, "", ""},
			"colleagues": {func(by live.Staff) error { return view(s.Rooms.Colleagues(s.Ctx, bank, room, by, "")) }, "auth.forbidden", "auth.forbidden"},
			"crew":       {func(by live.Staff) error { return view(s.Rooms.Crew(s.Ctx, bank, room, by)) }, "", ""},
			"share": {func(by live.Staff) error {
				return view(s.Rooms.Share(s.Ctx, bank, room, by, s.Operator.ID, live.PartHost))
			}, "auth.forbidden", "auth.forbidden"},
			"edit":       {func(by live.Staff) error { return view(s.Rooms.Edit(s.Ctx, bank, room, by, live.Change{})) }, "auth.forbidden", ""},
			"flash":      {func(by live.Staff) error { return s.Rooms.HostMay(s.Ctx, bank, room, by.ID, by.Operator) }, "auth.forbidden", ""},
			"end":        {func(by live.Staff) error { return view(s.Rooms.End(s.Ctx, s.Other.ID, room, by)) }, "not_found", "not_found"},
			"no pause":   {func(by live.Staff) error { return view(s.Rooms.Resume(s.Ctx, bank, room, by)) }, "auth.forbidden", "conflict"},
			"no replay":  {func(by live.Staff) error { return view(s.Rooms.OfferReplay(s.Ctx, bank, room, by, true)) }, "auth.forbidden", "conflict"},
			"no restart": {func(by live.Staff) error { return view(s.Rooms.Start(s.Ctx, bank, room, by)) }, "auth.forbidden", "conflict"},
		} {
			wants(t, name+" by an assistant", c.do(helper), c.help)
			wants(t, name+" by another host of the room", c.do(second), c.mate)
			wants(t, name+" by a stranger", c.do(s.Stranger), "not_found")
		}
		if _, err := s.Rooms.End(s.Ctx, bank, room, helper); err == nil {
			t.Error("an assistant ended the room")
		}
		wants(t, "an assistant at the socket", s.Rooms.AssistantMay(s.Ctx, bank, room, helper.ID, false), "")
		wants(t, "unshare by an assistant", s.Rooms.Unshare(s.Ctx, bank, room, helper, second.ID), "auth.forbidden")
		wants(t, "unshare", s.Rooms.Unshare(s.Ctx, bank, room, s.Host, helper.ID), "")
		wants(t, "unshare again", s.Rooms.Unshare(s.Ctx, bank, room, s.Host, helper.ID), "not_found")
		wants(t, "notice by one no more let in", s.Rooms.Notice(s.Ctx, bank, room, helper, "x"), "not_found")
	})
}

func TestRoomsAreSharedWithColleaguesOnly(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		room := s.Plan(t)
		for _, with := range []string{id.New(id.Staff), s.Host.ID, ""} {
			_, err := s.Rooms.Share(s.Ctx, s.Bank.ID, room, s.Host, with, live.PartHost)
			wants(t, "share with "+with, err, "validation")
		}
		could := func(name string) bool {
			t.Helper()
			found, err := s.Rooms.Colleagues(s.Ctx, s.Bank.ID, room, s.Host, name)
			if err != nil || slices.ContainsFunc(found, func(c live.Colleague) bool { return c.ID == s.Host.ID }) {
				t.Errorf("with whom it could be shared: %+v %v", found, err)
			}
			return slices.Contains(found, live.Colleague{ID: s.Stranger.ID, Name: s.Stranger.Name})
		}
		if !could("") || !could(s.Stranger.Name[:1]) || could(s.Stranger.Name+"x") {
			t.Error("the choice is not right")
		}
		for _, part := range []live.Part{live.PartHost, live.PartAssistant} { // again it changes the part
			crew, err := s.Rooms.Share(s.Ctx, s.Bank.ID, room, s.Host, s.Stranger.ID, part)
			if err != nil || len(crew) != 1 || crew[0].ID != s.Stranger.ID || crew[0].Name != s.Stranger.Name || crew[0].Part != part || crew[0].AddedAt == nil {
				t.Errorf("crew: %+v %v", crew, err)
			}
		}
		if could("") {
			t.Error("one who is in it already may be chosen")
		}
		_, err := s.Rooms.Share(s.Ctx, s.Other.ID, room, s.Operator, s.Stranger.ID, live.PartHost)
		wants(t, "another bank's", err, "not_found")
	})
}
