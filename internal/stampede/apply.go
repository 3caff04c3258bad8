package stampede

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"yinbo/internal/db"
	"yinbo/internal/id"
)

// Applying says how people apply for a card.
type Applying struct {
	Product    string // the card product
	Consents   string // the list of texts that it requires, as JSON
	Room       string // empty for none
	Share      string // a share code, empty for none
	Applicants []Buyer
	First      int           // phone number of the first one, after 13
	Rate       float64       // applications a second, paced
	AtOnce     int           // connections
	Retries    int           // of one application that got no answer, 429 or 503
	Wait       time.Duration // until the last must be begun; none after
	Sources    int           // loopback addresses that they come from, 127.0.2.1 and on; their own when 0
}

// Applied is an application that somebody was told of.
type Applied struct {
	ID, Viewer, Status string
}

// ApplyReport is what the applicants were told.
type ApplyReport struct {
	*Report
	Applied []Applied
}

// Apply lets the applicants apply, each once.
func (t Target) Apply(ctx context.Context, a Applying) *ApplyReport {
	client := t.client(a.AtOnce)
	client.Dial = a.dial()
	defer client.CloseIdleConnections()
	out := &ApplyReport{Report: newReport()}
	start := time.Now()
	c := applicants{Applying: a, target: t, client: client, report: out.Report, start: start, until: start.Add(a.Wait)}
	var all sync.WaitGroup
	for range a.AtOnce {
		all.Go(func() { c.work(ctx) })
	}
	all.Wait()
	out.Took, out.For = time.Since(start), a.Wait
	for _, one := range out.answers {
		var r struct{ ID, Status string }
		if err := json.Unmarshal(one.body, &r); err != nil || r.ID == "" {
			out.Refused["unreadable_answer"]++
			out.Unsure++
			continue
		}
		out.Applied = append(out.Applied, Applied{r.ID, one.viewer, r.Status})
		out.Accepted = append(out.Accepted, Accepted{ID: r.ID, Viewer: one.viewer})
	}
	out.answers = nil
	return out
}

// dial lets connections come from the sources in turn: people have addresses of
// their own, and applications from one address wait for each other.
func (a Applying) dial() fasthttp.DialFunc {
	if a.Sources == 0 {
		return nil
	}
	var n atomic.Int64
	return func(addr string) (net.Conn, error) {
		i := int(n.Add(1)-1) % a.Sources
		d := net.Dialer{Timeout: 10 * time.Second, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, byte(2+i/250), byte(1+i%250))}}
		return d.Dial("tcp4", addr)
	}
}

type applicants struct {
	Applying
	target       Target
	client       *fasthttp.HostClient
	report       *Report
	start, until time.Time
	begun        atomic.Int64
}

// work takes the next applicant whose time has come, until there is none.
func (c *applicants) work(ctx context.Context) {
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(res)
	c.target.head(req, "/applications")
	for {
		n := int(c.begun.Add(1) - 1)
		at := c.start.Add(time.Duration(float64(n) / c.Rate * float64(time.Second)))
		if n >= len(c.Applicants) || at.After(c.until) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(at)):
		}
		b := c.Applicants[n]
		req.Header.Set("Authorization", b.bearer)
		req.Header.Set("Idempotency-Key", id.New(id.Event))
		req.SetBody(c.body(n))
		c.decide(ctx, b, req, res, at)
	}
}

// decide applies until the answer is definite, with one key.
func (c *applicants) decide(ctx context.Context, b Buyer, req *fasthttp.Request, res *fasthttp.Response, at time.Time) {
	for try := 0; ; try++ {
		err := c.client.Do(req, res)
		code, wait := "no_answer", 200*time.Millisecond
		if err == nil {
			if res.StatusCode() == fasthttp.StatusCreated {
				c.report.accept(b, 1, res.Body(), time.Since(at), true)
				return
			}
			code, wait = refusal(res)
		}
		again := code == "no_answer" || code == "idempotency.in_flight" || res.StatusCode() == 429 || res.StatusCode() == 503
		if !again || try >= c.Retries || ctx.Err() != nil {
			c.report.refuse(code, again && code != "rate_limited", time.Since(at))
			return
		}
		c.report.retry()
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// body is the form of the applicant number n, filled in as people do.
func (c *applicants) body(n int) []byte {
	form := map[string]any{"card_product_id": c.Product, "consents": json.RawMessage(c.Consents), "device_id": "stampede-" + strconv.Itoa(c.First+n),
		"applicant": map[string]any{"name": "压测" + string([]rune("甲乙丙丁戊己庚辛壬癸")[n%10]), "id_no": resident(c.First + n), "phone": fmt.Sprintf("13%09d", c.First+n),
			"city_code": "310115", "address": "世纪大道 " + strconv.Itoa(n) + " 号", "employer": "浦东机械厂", "income_band": "100k_200k", "email": "p" + strconv.Itoa(n) + "@example.com"}}
	if c.Room != "" {
		form["room_id"] = c.Room
	}
	if c.Share != "" {
		form["share_code"] = c.Share
	}
	raw, _ := json.Marshal(form) // strings and numbers: it cannot fail
	return raw
}

// resident is a valid id number, another for each n: of one of 34 districts, born
// on one of 14,600 days, one of 999 on that day.
func resident(n int) string {
	day := time.Date(1960, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n/999%14_600)
	no := fmt.Sprintf("%06d%s%03d", 310_101+n/999/14_600%34, day.Format("20060102"), 1+n%999)
	sum := 0
	for i, w := range [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(no[i]-'0') * w
	}
	return no + string("10X98765432"[sum%11])
}

// VerifyApplied compares what the applicants were told with the database: each
// accepted application is there once, of its viewer, screened, with its consents
// and where it was said to stand or further; and nobody has one who was not told
// of it, beyond those whose answer was not definite.
func VerifyApplied(ctx context.Context, d *db.DB, r *ApplyReport, applicants []Buyer) (problems []string, err error) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	type row struct {
		id, viewer, status          string
		decisions, consents, events int
	}
	have := map[string]row{}
	for some := range slices.Chunk(applicants, 500) {
		viewers := make([]any, len(some))
		for i, b := range some {
			viewers[i] = b.Viewer
		}
		rows, err := db.All(ctx, d, func(r db.Row) (v row, err error) {
			return v, r.Scan(&v.id, &v.viewer, &v.status, &v.decisions, &v.consents, &v.events)
		}, `SELECT a.id, a.viewer_id, a.status, (SELECT COUNT(*) FROM screening_decision s WHERE s.bank_id = a.bank_id AND s.application_id = a.id),
			(SELECT COUNT(*) FROM consent c WHERE c.bank_id = a.bank_id AND c.application_id = a.id),
			(SELECT COUNT(*) FROM lead_event e WHERE e.bank_id = a.bank_id AND e.application_id = a.id AND e.kind IN ('submitted', 'screened'))
			FROM application a WHERE a.viewer_id IN `+db.Marks(len(viewers)), viewers...)
		if err != nil {
			return nil, err
		}
		for _, v := range rows {
			have[v.id] = v
		}
	}
	told := map[string]bool{}
	for _, a := range r.Applied {
		v, found := have[a.ID]
		switch {
		case told[a.ID]:
			bad("application %s was given to two people", a.ID)
		case !found:
			bad("application %s was accepted and is not in the database", a.ID)
		case v.viewer != a.Viewer || v.status == "screening":
			bad("application %s was told to %s as %s and is %s's, %s", a.ID, a.Viewer, a.Status, v.viewer, v.status)
		case v.decisions != 1 || v.consents == 0 || v.events != 2:
			bad("application %s has %d decisions, %d consents, %d events", a.ID, v.decisions, v.consents, v.events)
		}
		told[a.ID] = true
	}
	if unknown := int64(len(have) - len(told)); unknown > r.Unsure {
		bad("%d applications are in the database that nobody was told of; %d ended unsure", unknown, r.Unsure)
	}
	return problems, nil
}
