package play

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/keeping"
)

// erasedName is how a person who was erased is shown among a lottery's entrants.
// The draw is by tickets, so that its proof holds.
const erasedName = "已注销用户"

// Erase takes a person's name out of lotteries.
func Erase(ctx context.Context, tx *db.Tx, e *keeping.Removal) error {
	return e.Run(ctx, tx, "lottery_entry", "nickname", "UPDATE lottery_entry SET nickname = ? WHERE bank_id = ? AND viewer_id = ?", erasedName, e.Bank, e.Viewer)
}
