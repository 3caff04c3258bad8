package server

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"yinbo/internal/fault"
	"yinbo/internal/obs"
)

// requestTime bounds a request; the socket and files are not bounded by it.
const requestTime = 20 * time.Second

// maxRequestID is how long a client's own request id may be: the audit log keeps it.
const maxRequestID = 100

// name gives the request its id, language, address and span, bounds its time, and
// writes one line of log when it is over.
func (s *Server) name(c *gin.Context) {
	start := time.Now()
	reqID := c.GetHeader("X-Request-Id")
	if !goodKey(reqID) || len(reqID) > maxRequestID {
		reqID = uuid.Must(uuid.NewV7()).String()
	}
	c.Header("X-Request-Id", reqID)
	ctx, end := s.Tracing.Request(c.Request, c.FullPath(), reqID)
	ctx = obs.WithRequest(ctx, obs.Request{ID: reqID, Lang: c.GetHeader("Accept-Language"), IP: clientIP(c.Request), Agent: c.GetHeader("User-Agent")})
	if bounded(c.Request) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, requestTime)
		defer cancel()
	}
	c.Request = c.Request.WithContext(ctx)
	c.Set(startKey, start)
	c.Set(endKey, end)
	c.Next()
	if !c.GetBool(parkedKey) {
		end(c.Writer.Status())
		s.served(ctx, c.Request.Method, c.FullPath(), c.Writer.Status(), start)
	}
}

// Keys of a request's gin context.
const (
	startKey  = "start"
	endKey    = "end"    // of its span
	parkedKey = "parked" // true when the answer is given elsewhere
)

// served notes an answer.
func (s *Server) served(ctx context.Context, method, route string, status int, start time.Time) {
	took := time.Since(start)
	s.metrics.observe(method, route, status, took)
	s.log.Log(ctx, levelOf(status), "request", "method", method, "route", route, "status", status, "ms", took.Milliseconds())
}

// bounded leaves out sockets, streamed files, and presses, which their committer
// bounds.
func bounded(r *http.Request) bool {
	for _, end := range []string{"/ws", "/export", "/file", "/report"} {
		if strings.HasSuffix(r.URL.Path, end) {
			return false
		}
	}
	return !isPress(r)
}

// clientIP is the peer's address. Behind a proxy a bank names the proxy in its
// own set-up; nobody else's header is believed.
func clientIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// catch turns a panic into a 500 problem and keeps the stack for the log.
func (s *Server) catch(c *gin.Context) {
	defer func() {
		if v := recover(); v != nil {
			if v == http.ErrAbortHandler {
				panic(v)
			}
			s.log.ErrorContext(c.Request.Context(), "panic", "value", fmt.Sprint(v), "stack", string(debug.Stack()))
			s.refuse(c, fault.New(fault.Internal, "internal"))
		}
	}()
	c.Next()
}

// refuse answers a problem outside of huma.
func (s *Server) refuse(c *gin.Context, err error) {
	c.Abort()
	if !c.Writer.Written() {
		s.refusal(c.Request.Context(), err).give(c)
	}
}

// ready is what remains to be said when a request is decided.
type ready struct {
	status int
	header http.Header // besides those that every answer has
	kind   string      // Content-Type
	body   []byte
}

func (a ready) give(c *gin.Context) {
	maps.Copy(c.Writer.Header(), a.header)
	c.Data(a.status, a.kind, a.body)
}

// refusal is the answer of a problem.
func (s *Server) refusal(ctx context.Context, err error) ready {
	if f := fault.From(err); f.Kind == fault.Conflict && len(f.Fields) == 0 && f.RetryAfter == 0 && !s.log.Enabled(ctx, slog.LevelDebug) {
		return ready{status: http.StatusConflict, kind: problemType, body: s.rendered.render(obs.RequestOf(ctx), f)}
	}
	p := s.problem(ctx, err)
	return ready{status: p.Status, header: p.GetHeaders(), kind: problemType, body: mustJSON(p)}
}

// headers are the same on every answer; pages add their CSP.
func headers(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin-allow-popups")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
	if strings.HasPrefix(c.Request.URL.Path, "/api/") {
		h.Set("Cache-Control", "no-store")
	}
	c.Next()
}
