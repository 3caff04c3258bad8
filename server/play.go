package server

import (
	"context"
	"net/http"
	"time"

	"yinbo/internal/auth"
	"yinbo/live/play"
	"yinbo/order/promo"
)

type lotteryIn struct {
	ID string `path:"id" maxLength:"60" doc:"The room"`
	Keyed
	Body struct {
		Title     string         `json:"title" minLength:"1" maxLength:"100"`
		EntryRule play.EntryRule `json:"entry_rule" enum:"none,chatted,ordered" doc:"chatted: since it opened; ordered: in the room, not cancelled"`
		Prizes    []play.Prize   `json:"prizes" minItems:"1" maxItems:"20"`
		Seconds   int64          `json:"seconds" minimum:"5" maximum:"86400" doc:"How long viewers can enter; then it is drawn"`
	}
}

type pollIn struct {
	ID string `path:"id" maxLength:"60" doc:"The room"`
	Keyed
	Body struct {
		Question string   `json:"question" minLength:"1" maxLength:"200"`
		Options  []string `json:"options" minItems:"2" maxItems:"6" doc:"At most 60 characters each"`
		Seconds  int64    `json:"seconds" minimum:"5" maximum:"86400"`
	}
}

type voteIn struct {
	ID   string `path:"id" maxLength:"60"`
	Body struct {
		Option int `json:"option" minimum:"0" maximum:"5" doc:"From 0"`
	}
}

type playingOut struct {
	play.Playing
	RedPackets []promo.PacketView `json:"red_packets"`
}

type winnersOut struct {
	Items []play.Owed `json:"items"`
}

// playRoutes are lotteries and polls, for hosts, viewers, and those who verify.
func (s *Server) playRoutes() {
	hosts := staff(auth.Host, auth.Operator).byBranch()
	route(s, http.MethodGet, "/rooms/{id}/play", public, "What a room plays", s.playing)
	route(s, http.MethodPost, "/host/rooms/{id}/lotteries", hosts, "Open a lottery", s.openLottery, status(http.StatusCreated))
	route(s, http.MethodPost, "/host/lotteries/{id}/draw", hosts, "Draw a lottery now", func(ctx context.Context, in *idIn) (*body[play.Drawing], error) {
		bank, by := runner(ctx)
		return answered(s.Games.Draw(ctx, bank, in.ID, by))
	})
	route(s, http.MethodPost, "/host/lotteries/{id}/cancel", hosts, "End a lottery without a draw", func(ctx context.Context, in *idIn) (*body[play.Lottery], error) {
		bank, by := runner(ctx)
		return answered(s.Games.CancelLottery(ctx, bank, in.ID, by))
	})
	route(s, http.MethodGet, "/host/lotteries/{id}/winners", hosts, "Who won, and which prizes are owed", func(ctx context.Context, in *idIn) (*body[winnersOut], error) {
		bank, by := runner(ctx)
		items, err := s.Games.Winners(ctx, bank, in.ID, by)
		return answered(winnersOut{items}, err)
	})
	route(s, http.MethodGet, "/lotteries/{id}", public, "Show a lottery, and one's entry", func(ctx context.Context, in *idIn) (*body[play.Mine], error) {
		p, viewer := auth.From(ctx), ""
		if p.Kind == auth.Viewer {
			viewer = p.ID
		}
		return answered(s.Games.Lottery(ctx, p.Bank.ID, in.ID, viewer))
	})
	route(s, http.MethodGet, "/lotteries/{id}/proof", public, "All that is needed to verify a draw", func(ctx context.Context, in *idIn) (*body[play.Proof], error) {
		return answered(s.Games.Proof(ctx, auth.From(ctx).Bank.ID, in.ID))
	})
	route(s, http.MethodPost, "/lotteries/{id}/entries", viewers, "Enter a lottery; again changes nothing", func(ctx context.Context, in *idIn) (*body[play.Entry], error) {
		p := auth.From(ctx)
		return answered(s.Games.Enter(ctx, p.Bank.ID, in.ID, play.Viewer{ID: p.ID, Nickname: p.Name}))
	})
	s.pollRoutes(hosts)
}

func (s *Server) pollRoutes(hosts access) {
	route(s, http.MethodPost, "/host/rooms/{id}/polls", hosts, "Ask the room", s.openPoll, status(http.StatusCreated))
	route(s, http.MethodPost, "/host/polls/{id}/close", hosts, "Close a poll now", func(ctx context.Context, in *idIn) (*body[play.Poll], error) {
		bank, by := runner(ctx)
		return answered(s.Games.ClosePoll(ctx, bank, in.ID, by))
	})
	route(s, http.MethodGet, "/polls/{id}", public, "Show a poll", func(ctx context.Context, in *idIn) (*body[play.Poll], error) {
		return answered(s.Games.Poll(ctx, auth.From(ctx).Bank.ID, in.ID))
	})
	route(s, http.MethodPut, "/polls/{id}/vote", viewers, "Vote, once", func(ctx context.Context, in *voteIn) (*body[play.Poll], error) {
		p := auth.From(ctx)
		if err := s.Games.Vote(ctx, p.Bank.ID, in.ID, p.ID, in.Body.Option); err != nil {
			return nil, err
		}
		return answered(s.Games.Poll(ctx, p.Bank.ID, in.ID))
	})
}

func (s *Server) playing(ctx context.Context, in *idIn) (*body[playingOut], error) {
	bank := auth.From(ctx).Bank.ID
	p, err := s.Games.Playing(ctx, bank, in.ID)
	if err != nil {
		return nil, err
	}
	packets, err := s.Coupons.RoomPackets(ctx, bank, in.ID)
	return answered(playingOut{p, packets}, err)
}

func (s *Server) openLottery(ctx context.Context, in *lotteryIn) (*answer[play.Lottery], error) {
	req, err := s.idem(ctx, "POST /host/rooms/"+in.ID+"/lotteries", in.Keyed)
	if err != nil {
		return nil, err
	}
	bank, by := runner(ctx)
	b := in.Body
	l, replayed, err := s.Games.OpenLottery(ctx, req, bank, in.ID, by,
		play.LotteryPlan{Title: b.Title, Rule: b.EntryRule, Prizes: b.Prizes, For: time.Duration(b.Seconds) * time.Second})
	if err != nil {
		return nil, err
	}
	return reply(l, replayed), nil
}

func (s *Server) openPoll(ctx context.Context, in *pollIn) (*answer[play.Poll], error) {
	req, err := s.idem(ctx, "POST /host/rooms/"+in.ID+"/polls", in.Keyed)
	if err != nil {
		return nil, err
	}
	bank, by := runner(ctx)
	b := in.Body
	p, replayed, err := s.Games.OpenPoll(ctx, req, bank, in.ID, by,
		play.PollPlan{Question: b.Question, Options: b.Options, For: time.Duration(b.Seconds) * time.Second})
	if err != nil {
		return nil, err
	}
	return reply(p, replayed), nil
}
