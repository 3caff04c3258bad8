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
	"yinbo/order"
	"yinbo/order/flash"
)

// pressRoute is the one route that thousands press in the same second.
const pressRoute = "/api/v1/flash/:id/orders"

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
	ctx, in, plain := s.readPress(c)
	if !plain {
		return
	}
	c.Abort()
	req, err := s.idem(ctx, "POST /flash/"+in.ID+"/orders", in.Keyed)
	if err != nil {
		s.refuse(c, err)
		return
	}
	v, replayed, err := s.Flash.Buy(ctx, req, in.purchase(auth.From(ctx)))
	s.answerPress(c, v, replayed, err)
}

func (s *Server) answerPress(c *gin.Context, v order.View, replayed bool, err error) {
	if err != nil {
		s.refuse(c, err)
		return
	}
	if replayed {
		c.Header("Idempotent-Replayed", "true")
	}
	c.PureJSON(http.StatusCreated, v)
}

// readPress reads a press; plain is false when it must go the usual way, for
// which the body stands ready again.
func (s *Server) readPress(c *gin.Context) (ctx context.Context, in flashOrderIn, plain bool) {
	in.ID, in.Key = c.Param("id"), c.GetHeader("Idempotency-Key")
	token, bearer := strings.CutPrefix(c.GetHeader("Authorization"), "Bearer ")
	if !bearer || !goodKey(in.Key) || len(in.ID) > 60 || c.Request.URL.RawQuery != "" ||
		c.Request.ContentLength <= 0 || c.Request.ContentLength > maxPress || c.ContentType() != gin.MIMEJSON {
		return nil, in, false
	}
	ctx = c.Request.Context()
	p, err := s.Auth.Authenticate(ctx, token)
	if err != nil || p.Kind != auth.Viewer {
		return nil, in, false
	}
	raw := make([]byte, c.Request.ContentLength)
	n, err := io.ReadFull(c.Request.Body, raw)
	if err != nil {
		c.Request.Body = io.NopCloser(io.MultiReader(bytes.NewReader(raw[:n]), c.Request.Body))
		return nil, in, false
	}
	in.RawBody = raw
	if !s.plainPress(raw) || json.Unmarshal(raw, &in.Body) != nil {
		c.Request.Body = io.NopCloser(bytes.NewReader(raw))
		return nil, in, false
	}
	return auth.With(ctx, p), in, true
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

func (in flashOrderIn) purchase(p auth.Principal) flash.Purchase {
	return flash.Purchase{Bank: p.Bank.ID, Viewer: p.ID, Flash: in.ID, Quantity: in.Body.Quantity,
		Address: in.Body.Address.order(), Room: in.Body.RoomID, ShareCode: in.Body.ShareCode}
}
