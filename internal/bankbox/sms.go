package bankbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
)

// smsBox takes messages and shows them, in place of the phones of the demo.
type smsBox struct {
	store   *store
	courier *courier
	faults  *faultBoard
	now     func() time.Time
}

// maxSMSShown bounds a list; the newest are kept.
const maxSMSShown = 1000

type smsRequest struct {
	Phone string `json:"phone"`
	Text  string `json:"text"`
	OutID string `json:"out_id"`

	// NotifyURL is told whether the message arrived and what was answered to it.
	NotifyURL string `json:"notify_url"`
}

// replyRequest is what somebody answers on their phone.
type replyRequest struct {
	Phone string `json:"phone"`
	Text  string `json:"text"`
}

// smsReport is the body of a callback about messages.
type smsReport struct {
	Replies    []smsReply    `json:"replies,omitempty"`
	Deliveries []smsDelivery `json:"deliveries,omitempty"`
}

type smsReply struct {
	Phone string `json:"phone"`
	Text  string `json:"text"`
	OutID string `json:"out_id,omitempty"`
	At    string `json:"at"`
}

type smsDelivery struct {
	OutID     string `json:"out_id"`
	Delivered bool   `json:"delivered"`
	At        string `json:"at"`
}

// sendSMS writes a message down; one with a known outID is not sent again.
func sendSMS(ctx context.Context, tx *sql.Tx, now time.Time, phone, text, outID string) error {
	_, err := insertSMS(ctx, tx, now, smsRequest{Phone: phone, Text: text, OutID: outID})
	return err
}

// insertSMS tells whether the message is a new one.
func insertSMS(ctx context.Context, tx *sql.Tx, now time.Time, m smsRequest) (bool, error) {
	res, err := tx.ExecContext(ctx, `INSERT INTO sms (out_id, phone, text, at, notify_url)
		VALUES (?, ?, ?, ?, ?) ON CONFLICT (out_id) DO NOTHING`,
		sql.NullString{String: m.OutID, Valid: m.OutID != ""}, m.Phone, m.Text, now.UnixMilli(), m.NotifyURL)
	if err != nil {
		return false, fmt.Errorf("send message: %w", err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
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
	if req.NotifyURL != "" && !isHTTPURL(req.NotifyURL) {
		return 0, nil, invalid("notify_url: must be an absolute http(s) address")
	}
	err := b.store.inTx(c.Request.Context(), func(ctx context.Context, tx *sql.Tx) error {
		now := b.now()
		fresh, err := insertSMS(ctx, tx, now, req)
		if err != nil || !fresh || req.OutID == "" {
			return err
		}
		return enqueueCallback(ctx, tx, b.faults.now(), now, req.NotifyURL,
			smsReport{Deliveries: []smsDelivery{{OutID: req.OutID, Delivered: true, At: rfc3339(now.UnixMilli())}}})
	})
	if err != nil {
		return 0, nil, err
	}
	if req.NotifyURL != "" {
		b.courier.nudge()
	}
	return http.StatusCreated, gin.H{"accepted": true}, nil
}

// reply stands for a person who answers on their phone: whoever sent them the
// last message that wants reports is told.
func (b *smsBox) reply(c *gin.Context) (int, any, error) {
	var req replyRequest
	if err := readJSON(c, maxBody, false, &req); err != nil {
		return 0, nil, err
	}
	if !mobile.MatchString(req.Phone) {
		return 0, nil, invalid("phone: a mobile number of 11 digits is needed")
	}
	if err := checkText("text", req.Text, 1000); err != nil {
		return 0, nil, err
	}
	err := b.store.inTx(c.Request.Context(), func(ctx context.Context, tx *sql.Tx) error {
		var outID sql.NullString
		var url string
		err := tx.QueryRowContext(ctx, `SELECT out_id, notify_url FROM sms WHERE phone = ? AND notify_url <> '' ORDER BY id DESC LIMIT 1`, req.Phone).
			Scan(&outID, &url)
		if errors.Is(err, sql.ErrNoRows) {
			return notFound("message to answer")
		}
		if err != nil {
			return fmt.Errorf("read messages: %w", err)
		}
		return enqueueCallback(ctx, tx, b.faults.now(), b.now(), url,
			smsReport{Replies: []smsReply{{Phone: req.Phone, Text: req.Text, OutID: outID.String, At: b.now().UTC().Format(time.RFC3339)}}})
	})
	if err != nil {
		return 0, nil, err
	}
	b.courier.nudge()
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
