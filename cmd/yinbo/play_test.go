package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yinbo/live/play"
)

// An evening by its rundown: the clock opens a red packet, a lottery and a poll
// in a live room, viewers take part, the draw verifies, the report tells it all.
func TestAnEveningRunsByItsRundown(t *testing.T) {
	p := startProduct(t)
	operator := p.staff(t, "demo", "operator")
	var room struct{ ID string }
	p.post(t, operator, "/host/rooms", map[string]any{"title": "晚间专场", "starts_at": time.Now().UTC().Format(time.RFC3339)}, 201, &room)
	var batches struct {
		Items []struct {
			ID        string
			GrantedBy string `json:"granted_by"`
		}
	}
	p.get(t, operator, "/shop/coupon-batches?state=open", 200, &batches)
	batch := ""
	for _, b := range batches.Items {
		if b.GrantedBy == "drop" {
			batch = b.ID
		}
	}
	host := "/host/rooms/" + room.ID
	p.call(t, operator, http.MethodPut, host+"/rundown", map[string]any{"cues": []any{
		map[string]any{"after_seconds": 0, "notice": map[string]any{"text": "欢迎"}},
		map[string]any{"after_seconds": 0, "red_packet": map[string]any{"batch_id": batch, "title": "开门红", "total_fen": 301, "shares": 2, "seconds": 600}},
		map[string]any{"after_seconds": 1, "lottery": map[string]any{"title": "抽奖", "entry_rule": "none", "seconds": 600,
			"prizes": []any{map[string]any{"title": "券", "quantity": 1, "batch_id": batch}}}},
		map[string]any{"after_seconds": 1, "poll": map[string]any{"question": "?", "options": []string{"米", "茶"}, "seconds": 600}},
	}}, 200, nil)
	var dry struct {
		Checked  int
		Problems []struct {
			Code, Message string
			Warns         bool
		}
	}
	p.post(t, operator, host+"/rundown/dry-run", nil, 200, &dry)
	for _, x := range dry.Problems {
		if !x.Warns || x.Message == "" {
			t.Errorf("%+v", x)
		}
	}
	if dry.Checked != 4 {
		t.Errorf("%+v", dry)
	}
	p.post(t, operator, host+"/rundown/mode", map[string]any{"mode": "auto"}, 200, nil)
	p.post(t, operator, host+"/start", nil, 200, nil)
	var now struct {
		Lotteries []struct {
			LotteryID string `json:"lottery_id"`
		}
		Polls []struct {
			PollID string `json:"poll_id"`
		}
		RedPackets []struct {
			PacketID string `json:"packet_id"`
		} `json:"red_packets"`
	}
	for end := time.Now().Add(30 * time.Second); len(now.Lotteries)+len(now.Polls)+len(now.RedPackets) < 3; <-time.After(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%+v", now)
		}
		p.get(t, "", "/rooms/"+room.ID+"/play", 200, &now)
	}
	lottery, poll, packet := now.Lotteries[0].LotteryID, now.Polls[0].PollID, now.RedPackets[0].PacketID

	one, two := p.signIn(t, phone()), p.signIn(t, phone())
	var shares [2]struct {
		Amount int64 `json:"amount_fen"`
	}
	for i, viewer := range []string{one, two} {
		p.post(t, viewer, "/red-packets/"+packet+"/shares", nil, 201, &shares[i])
		p.post(t, viewer, "/lotteries/"+lottery+"/entries", nil, 200, nil)
		p.call(t, viewer, http.MethodPut, "/polls/"+poll+"/vote", map[string]any{"option": i}, 200, nil)
	}
	p.post(t, p.signIn(t, phone()), "/red-packets/"+packet+"/shares", nil, 409, nil)
	if shares[0].Amount+shares[1].Amount != 301 {
		t.Errorf("shares of %+v", shares)
	}
	p.post(t, operator, "/host/lotteries/"+lottery+"/draw", nil, 200, nil)
	var proof play.Proof
	p.get(t, "", "/lotteries/"+lottery+"/proof", 200, &proof)
	if err := proof.Verify(); err != nil || len(proof.Winners) != 1 {
		t.Errorf("%+v: %v", proof, err)
	}
	raw, err := json.Marshal(proof)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "proof.json")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := p.command(t, "verify-lottery", file); err != nil || !strings.Contains(out, "2 tickets, 1 winners, the draw holds") {
		t.Errorf("%s %v", out, err)
	}
	var winners struct {
		Items []struct {
			CouponID *string `json:"coupon_id"`
		}
	}
	for end := time.Now().Add(30 * time.Second); len(winners.Items) != 1 || winners.Items[0].CouponID == nil; <-time.After(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%+v", winners)
		}
		p.get(t, operator, "/host/lotteries/"+lottery+"/winners", 200, &winners)
	}
	p.post(t, operator, host+"/end", nil, 200, nil)
	var report struct {
		Board struct{ Live []string }
		Cues  []struct{ State string }
	}
	p.get(t, operator, host+"/report", 200, &report)
	if len(report.Board.Live) == 0 || len(report.Cues) != 4 {
		t.Errorf("%+v", report)
	}
	for _, c := range report.Cues {
		if c.State != "fired" {
			t.Errorf("%+v", report.Cues)
		}
	}
}
