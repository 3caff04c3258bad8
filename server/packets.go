package server

import (
	"context"
	"net/http"
	"time"

	"yinbo/internal/auth"
	"yinbo/internal/money"
	"yinbo/order/promo"
)

type packetIn struct {
	ID string `path:"id" maxLength:"60" doc:"The room"`
	Keyed
	Body struct {
		BatchID  string    `json:"batch_id" minLength:"1" maxLength:"60" doc:"Whose money it is; its amount is the most that one share may be"`
		Title    string    `json:"title" minLength:"1" maxLength:"100"`
		TotalFen money.Fen `json:"total_fen" minimum:"1"`
		Shares   int64     `json:"shares" minimum:"1" maximum:"10000"`
		Seconds  int64     `json:"seconds" minimum:"1" maximum:"86400"`
	}
}

type packetShareIn struct {
	ID  string `path:"id" maxLength:"60" doc:"The red packet"`
	Key string `header:"Idempotency-Key" doc:"1 to 128 visible ASCII characters; the same key gives the first answer again"`
}

// packetRoutes are red packets, and the end of coupon drops.
func (s *Server) packetRoutes() {
	hosts := staff(auth.Host, auth.Operator).byBranch()
	route(s, http.MethodPost, "/host/rooms/{id}/red-packets", hosts, "Open a red packet in a room", s.openPacket, status(http.StatusCreated))
	route(s, http.MethodPost, "/host/red-packets/{id}/close", hosts, "Close a red packet now", func(ctx context.Context, in *idIn) (*body[promo.PacketView], error) {
		return answered(s.Coupons.ClosePacket(ctx, couponStaff(ctx), auth.From(ctx).Bank.ID, in.ID))
	})
	route(s, http.MethodPost, "/red-packets/{id}/shares", viewers, "Take a share of a red packet", s.takeShare, status(http.StatusCreated))
	route(s, http.MethodPost, "/host/coupon-drops/{id}/close", hosts, "End a coupon drop now", func(ctx context.Context, in *idIn) (*body[promo.DropResult], error) {
		return answered(s.Coupons.CloseDrop(ctx, couponStaff(ctx), auth.From(ctx).Bank.ID, in.ID))
	})
}

func (s *Server) openPacket(ctx context.Context, in *packetIn) (*answer[promo.PacketView], error) {
	req, err := s.idem(ctx, "POST /host/rooms/"+in.ID+"/red-packets", in.Keyed)
	if err != nil {
		return nil, err
	}
	b := in.Body
	v, replayed, err := s.Coupons.OpenPacket(ctx, req, couponStaff(ctx), auth.From(ctx).Bank.ID, in.ID,
		promo.Filling{Batch: b.BatchID, Title: b.Title, Total: b.TotalFen, Shares: b.Shares, For: time.Duration(b.Seconds) * time.Second})
	if err != nil {
		return nil, err
	}
	return reply(v, replayed), nil
}

func (s *Server) takeShare(ctx context.Context, in *packetShareIn) (*answer[promo.View], error) {
	req, err := s.idem(ctx, "POST /red-packets/"+in.ID+"/shares", Keyed{Key: in.Key})
	if err != nil {
		return nil, err
	}
	p := auth.From(ctx)
	v, replayed, err := s.Coupons.TakeShare(ctx, req, p.Bank, p.ID, in.ID)
	if err != nil {
		return nil, err
	}
	return reply(v, replayed), nil
}
