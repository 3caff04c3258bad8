package live

import (
	"context"

	"yinbo/internal/clock"
	"yinbo/internal/db"
)

// Kept is a viewer who is muted or banned.
type Kept struct {
	Viewer Speaker      `json:"viewer"`
	Until  *clock.Stamp `json:"until_at" doc:"null for good"`
	Reason string       `json:"reason"`
	By     Speaker      `json:"by" doc:"The member of staff who did it"`
}

// The lists of those whose time is not over, from their ids' order, after one.
const (
	whoFrom  = " LEFT JOIN viewer v ON v.id = k.viewer_id LEFT JOIN staff s ON s.id = k."
	muteList = "SELECT k.viewer_id, COALESCE(v.nickname, ''), k.until_at, '', k.muted_by, COALESCE(s.name, '') FROM room_mute k" + whoFrom + "muted_by WHERE k.bank_id = ? AND k.room_id = ?"
	banned   = "SELECT k.viewer_id, COALESCE(v.nickname, ''), k.until_at, k.reason, k.banned_by, COALESCE(s.name, '') FROM "
	banList  = banned + "room_ban k" + whoFrom + "banned_by WHERE k.bank_id = ? AND k.room_id = ?"
	bankList = banned + "bank_ban k" + whoFrom + "banned_by WHERE k.bank_id = ?"
)

// Muted gives who may not speak in a room now.
func (s *Rooms) Muted(ctx context.Context, bank, room string, by Staff, after string, limit int) ([]Kept, error) {
	if err := s.AssistantMay(ctx, bank, room, by.ID, by.Operator); err != nil {
		return nil, err
	}
	return s.kept(ctx, muteList, []any{bank, room}, after, limit)
}

// Banned gives who may not be in a room now, by the room's own decision.
func (s *Rooms) Banned(ctx context.Context, bank, room string, by Staff, after string, limit int) ([]Kept, error) {
	if err := s.AssistantMay(ctx, bank, room, by.ID, by.Operator); err != nil {
		return nil, err
	}
	return s.kept(ctx, banList, []any{bank, room}, after, limit)
}

// BannedEverywhere gives who may not be in any room of the bank now.
func (s *Rooms) BannedEverywhere(ctx context.Context, bank, after string, limit int) ([]Kept, error) {
	return s.kept(ctx, bankList, []any{bank}, after, limit)
}

func (s *Rooms) kept(ctx context.Context, query string, args []any, after string, limit int) ([]Kept, error) {
	args = append(args, s.DB.Clock().Now(), after, limit+1)
	return db.All(ctx, s.DB, func(r db.Row) (k Kept, err error) {
		var until db.Time
		err = r.Scan(&k.Viewer.ID, &k.Viewer.Nickname, &until, &k.Reason, &k.By.ID, &k.By.Nickname)
		k.Until = clock.AtPtr(until.Time)
		return k, err
	}, query+" AND (k.until_at IS NULL OR k.until_at > ?) AND k.viewer_id > ? ORDER BY k.viewer_id LIMIT ?", args...)
}
