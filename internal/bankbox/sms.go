package bankbox

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
)

// smsBox takes messages and shows them, in place of the phones of the demo.
type smsBox struct {
	store *store
	now   func() time.Time
}

// maxSMSShown bounds a list; the newest are kept.
const maxSMSShown = 1000

type smsRequest struct {
	Phone string `json:"phone"`
	Text  string `json:"text"`
	OutID string `json:"out_id"`
}

// sendSMS writes a message down; one with a known outID is not sent again.
func sendSMS(ctx context.Context, tx *sql.Tx, now time.Time, phone, text, outID string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO sms (out_id, phone, text, at)
		VALUES (?, ?, ?, ?) ON CONFLICT (out_id) DO NOTHING`,
		sql.NullString{String: outID, Valid: outID != ""}, phone, text, now.UnixMilli())
	if err != nil {
		return fmt.Errorf("send message: %w", err)
	}
	return nil
}

func (b *smsBox) post(c *gin.Context) (int, any, error) {
	var req smsRequest
	if err := readJSON(c, maxBody, false, &req); err != nil {
		return 0, nil, err
	}
	if !mobile.MatchString(req.Phone) {
		return 0, nil, invalid("phone: a mobile number of 11 digits is needed")
	}
	if req.Text == "" {
		return 0, nil, invalid("text: must not be empty")
	}
	if err := firstError(checkText("text", req.Text, 1000), checkText("out_id", req.OutID, 128)); err != nil {
		return 0, nil, err
	}
	err := b.store.inTx(c.Request.Context(), func(ctx context.Context, tx *sql.Tx) error {
		return sendSMS(ctx, tx, b.now(), req.Phone, req.Text, req.OutID)
	})
	if err != nil {
		return 0, nil, err
	}
	return http.StatusCreated, gin.H{"accepted": true}, nil
}

// smsItem is a message as it is shown. The text comes first and nothing in front
// of it bears digits: whoever looks for a code takes the first six in a row.
type smsItem struct {
	Text  string `json:"text"`
	Phone string `json:"phone"`
	At    string `json:"at"`
}

// list shows what was sent to `?phone=`, or to all, oldest first.
func (b *smsBox) list(c *gin.Context) (int, any, error) {
	query, args := `SELECT text, phone, at FROM sms ORDER BY id DESC LIMIT ?`, []any{maxSMSShown}
	if phone := c.Query("phone"); phone != "" {
		query, args = `SELECT text, phone, at FROM sms WHERE phone = ? ORDER BY id DESC LIMIT ?`, []any{phone, maxSMSShown}
	}
	rows, err := b.store.reader.QueryContext(c.Request.Context(), query, args...)
	if err != nil {
		return 0, nil, fmt.Errorf("read messages: %w", err)
	}
	defer rows.Close()
	items := []smsItem{}
	for rows.Next() {
		var m smsItem
		var at int64
		if err := rows.Scan(&m.Text, &m.Phone, &at); err != nil {
			return 0, nil, fmt.Errorf("read messages: %w", err)
		}
		m.At = rfc3339(at)
		items = append(items, m)
	}
	slices.Reverse(items)
	return http.StatusOK, gin.H{"items": items}, rows.Err()
}
