package server

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"yinbo/internal/auth"
	"yinbo/internal/idem"
	"yinbo/order/flash"
)

// pressRoute is the one route that thousands press in the same second.
const pressRoute = "/api/v1/flash/:id/orders"

// isPress tells a press by its address, before it is routed.
func isPress(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/api/v1/flash/") && strings.HasSuffix(r.URL.Path, "/orders")
}

// maxPress is the size of a plain press's body; larger ones go the usual way.
const maxPress = 4 << 10

// press answers plain presses of the flash-sale button without huma, which costs
// a third of such a request and doubles the stack of the goroutine that waits.
// Whatever is not plain (no good token or key, a body that does not validate) is
// left to the operation behind it, so that there is one place that explains.
func (s *Server) press(c *gin.Context) {
	if c.Request.Method != http.MethodPost || c.FullPath() != pressRoute {
		return
	}
	if w := s.readPress(c); w != nil {
		c.Abort()
		s.buyPress(c, w)
	}
}

// pressed is a press as it was read. It stands apart from the stack of those who
// read it: thousands wait at once, each with a stack of its own.
type pressed struct {
	req idem.Request
	flash.Purchase
}

func (s *Server) buyPress(c *gin.Context, w *pressed) {
	defer s.seated.Add(-1)
	if s.seated.Add(1) > seats && s.park(c, func(ctx context.Context, answer func(flash.Outcome)) {
		s.Flash.Press(ctx, w.req, w.Purchase, answer)
	}) {
		return
	}
	view, replayed, err := s.Flash.Buy(c.Request.Context(), w.req, w.Purchase)
	s.pressAnswer(c.Request.Context(), flash.Outcome{View: view, Replayed: replayed, Err: err}).give(c)
}

// pressAnswer is what a press's outcome looks like.
func (s *Server) pressAnswer(ctx context.Context, o flash.Outcome) ready {
	if o.Err != nil {
		return s.refusal(ctx, o.Err)
	}
	a := ready{status: http.StatusCreated, kind: "application/json; charset=utf-8", body: mustJSON(o.View)}
	if o.Replayed {
		a.header = http.Header{"Idempotent-Replayed": {"true"}}
	}
	return a
}

// readPress reads a press; nil when it must go the usual way, for which the body
// stands ready again.
func (s *Server) readPress(c *gin.Context) *pressed {
	in := flashOrderIn{ID: c.Param("id"), Keyed: Keyed{Key: c.GetHeader("Idempotency-Key")}}
	token, bearer := strings.CutPrefix(c.GetHeader("Authorization"), "Bearer ")
	if !bearer || !goodKey(in.Key) || len(in.ID) > 60 || c.Request.URL.RawQuery != "" ||
		c.Request.ContentLength <= 0 || c.Request.ContentLength > maxPress || c.ContentType() != gin.MIMEJSON {
		return nil
	}
	p, err := s.Auth.Authenticate(c.Request.Context(), token)
	if err != nil || p.Kind != auth.Viewer {
		return nil
	}
	raw := make([]byte, c.Request.ContentLength)
	n, err := io.ReadFull(c.Request.Body, raw)
	if err != nil {
		c.Request.Body = io.NopCloser(io.MultiReader(bytes.NewReader(raw[:n]), c.Request.Body))
		return nil
	}
	in.RawBody = raw
	if n, only := onlyQuantity(raw); only {
		in.Body.Quantity = n
	} else if !s.plainPress(raw) || json.Unmarshal(raw, &in.Body) != nil {
		c.Request.Body = io.NopCloser(bytes.NewReader(raw))
		return nil
	}
	w := &pressed{req: idem.Request{Bank: p.Bank.ID, Person: p.ID, Route: in.route(), Key: in.Key}, Purchase: in.purchase(p)}
	w.BodyHash = func() (string, error) { return s.Keys.Hash(context.Background(), w.req.Bank, bodyPurpose, string(raw)) }
	return w
}

// onlyQuantity reads the body that nearly every press of a voucher has, {"quantity":1}.
func onlyQuantity(raw []byte) (n int64, only bool) {
	digits, found := bytes.CutPrefix(raw, []byte(`{"quantity":`))
	digits, closed := bytes.CutSuffix(digits, []byte("}"))
	if !found || !closed || len(digits) == 0 || len(digits) > 6 || digits[0] == '0' {
		return 0, false
	}
	for _, d := range digits {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = 10*n + int64(d-'0')
	}
	return n, true
}

// plainPress validates a body against the operation's own schema.
func (s *Server) plainPress(raw []byte) bool {
	var body any
	if json.Unmarshal(raw, &body) != nil {
		return false
	}
	var found huma.ValidateResult
	huma.Validate(s.api.OpenAPI().Components.Schemas, s.pressSchema, huma.NewPathBuffer(nil, 0), huma.ModeWriteToServer, body, &found)
	return len(found.Errors) == 0
}

// route bears the sale, so that one key at two sales is two requests.
func (in flashOrderIn) route() string { return "POST /flash/" + in.ID + "/orders" }

func (in flashOrderIn) purchase(p auth.Principal) flash.Purchase {
	return flash.Purchase{Bank: p.Bank.ID, Viewer: p.ID, Flash: in.ID, Quantity: in.Body.Quantity,
		Address: in.Body.Address.order(), Room: in.Body.RoomID, ShareCode: in.Body.ShareCode}
}
