package bankbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	coreAccepted = "accepted"
	coreIssued   = "issued"
	coreDeclined = "declined"

	// coreBatch is how many applications one transaction decides.
	coreBatch = 100
)

// cardCore takes approved applications and issues cards after a while. The
// applicant's data is looked at once and not kept.
type cardCore struct {
	store   *store
	courier *courier
	faults  *faultBoard
	now     func() time.Time
	delay   time.Duration
	log     *slog.Logger

	wake chan struct{}
	done chan struct{}
}

type coreRequest struct {
	ApplicationID string          `json:"application_id"`
	CardProduct   string          `json:"card_product"`
	Applicant     json.RawMessage `json:"applicant"`
	NotifyURL     string          `json:"notify_url"`
}

// verdict reads the applicant, who may have any fields, and says how it ends.
func (r coreRequest) verdict() (string, error) {
	if firstByte(r.Applicant) != '{' {
		return "", invalid("applicant: an object is needed")
	}
	var applicant struct {
		Name string `json:"name"`
	}
	if err := decodeProblem(json.Unmarshal(r.Applicant, &applicant)); err != nil {
		return "", err
	}
	if strings.Contains(applicant.Name, nameDeclined) {
		return coreDeclined, nil
	}
	return coreIssued, nil
}

// postApplication takes an application; the same id again is no change.
func (k *cardCore) postApplication(c *gin.Context) (int, any, error) {
	var req coreRequest
	if err := readJSON(c, maxBody, false, &req); err != nil {
		return 0, nil, err
	}
	if err := firstError(
		checkReference("application_id", req.ApplicationID),
		checkText("card_product", req.CardProduct, 128),
		checkURL("notify_url", req.NotifyURL, true),
	); err != nil {
		return 0, nil, err
	}
	verdict, err := req.verdict()
	if err != nil {
		return 0, nil, err
	}
	err = k.store.inTx(c.Request.Context(), func(ctx context.Context, tx *sql.Tx) error {
		now := k.now()
		_, err := tx.ExecContext(ctx, `INSERT INTO applications
			(application_id, card_product, notify_url, verdict, status, accepted_at, due_at)
			VALUES (?, ?, ?, ?, 'accepted', ?, ?) ON CONFLICT (application_id) DO NOTHING`,
			req.ApplicationID, req.CardProduct, req.NotifyURL, verdict,
			now.UnixMilli(), now.Add(k.delay).UnixMilli())
		return err
	})
	if err != nil {
		return 0, nil, fmt.Errorf("accept application: %w", err)
	}
	k.nudge()
	return http.StatusAccepted, gin.H{"application_id": req.ApplicationID, "status": coreAccepted}, nil
}

func (k *cardCore) nudge() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

type coreState struct {
	ApplicationID string  `json:"application_id"`
	CardProduct   string  `json:"card_product"`
	Status        string  `json:"status"`
	CardLast4     *string `json:"card_last4"`
	AcceptedAt    string  `json:"accepted_at"`
	DecidedAt     *string `json:"decided_at"`
}

const coreColumns = `application_id, card_product, status, card_last4, accepted_at, decided_at`

func scanCoreState(scan func(...any) error) (coreState, error) {
	var s coreState
	var last4 string
	var acceptedAt int64
	var decidedAt sql.NullInt64
	err := scan(&s.ApplicationID, &s.CardProduct, &s.Status, &last4, &acceptedAt, &decidedAt)
	if last4 != "" {
		s.CardLast4 = &last4
	}
	s.AcceptedAt, s.DecidedAt = rfc3339(acceptedAt), rfc3339OrNil(decidedAt)
	return s, err
}

func (k *cardCore) getApplication(c *gin.Context) (int, any, error) {
	row := k.store.reader.QueryRowContext(c.Request.Context(),
		`SELECT `+coreColumns+` FROM applications WHERE application_id = ?`, c.Param("application_id"))
	s, err := scanCoreState(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil, notFound("application")
	}
	if err != nil {
		return 0, nil, fmt.Errorf("read application: %w", err)
	}
	return http.StatusOK, s, nil
}

// listApplications gives those that were accepted on a business date
// (Asia/Shanghai; today without `?date=`), as they stand now, for reconciliation:
// all of them, or `?limit=` after the one that `?after=` names.
func (k *cardCore) listApplications(c *gin.Context) (int, any, error) {
	date := c.DefaultQuery("date", k.now().In(shanghai).Format(time.DateOnly))
	from, to, err := businessDay(date)
	if err != nil {
		return 0, nil, invalid("date: YYYY-MM-DD is needed")
	}
	limit, err := strconv.Atoi(c.DefaultQuery("limit", "-1"))
	if err != nil || limit == 0 || limit < -1 || limit > 1000 {
		return 0, nil, invalid("limit: 1 to 1000 is needed")
	}
	rows, err := k.store.reader.QueryContext(c.Request.Context(), `SELECT `+coreColumns+` FROM applications
		WHERE accepted_at >= ? AND accepted_at < ? AND application_id > ? ORDER BY application_id LIMIT ?`, from, to, c.Query("after"), limit)
	if err != nil {
		return 0, nil, fmt.Errorf("list applications: %w", err)
	}
	defer rows.Close()
	items := []coreState{}
	for rows.Next() {
		s, err := scanCoreState(rows.Scan)
		if err != nil {
			return 0, nil, fmt.Errorf("list applications: %w", err)
		}
		items = append(items, s)
	}
	return http.StatusOK, gin.H{"items": items}, rows.Err()
}
