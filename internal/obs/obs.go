// Package obs is what engineers see by: the log (slog, JSON, no personal data),
// the metrics (Prometheus) and the request's name that ties them together.
package obs

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"yinbo/internal/tracing"
)

// Request names the request that a context serves.
type Request struct {
	ID   string
	Lang string // Accept-Language, as the client sent it
	IP   string
	// Agent is the User-Agent, as the client sent it.
	Agent string
}

type requestKey struct{}

// WithRequest puts r into ctx.
func WithRequest(ctx context.Context, r Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// RequestOf gives the request of ctx; the zero Request when there is none.
func RequestOf(ctx context.Context) Request {
	r, _ := ctx.Value(requestKey{}).(Request)
	return r
}

// NewLogger writes one JSON line an event, times in UTC.
func NewLogger(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(contextHandler{slog.NewJSONHandler(w, &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				a.Value = slog.TimeValue(a.Value.Time().UTC().Truncate(time.Millisecond))
			}
			return a
		},
	})})
}

// contextHandler adds the ids of the request and of its trace to every line logged under its context.
type contextHandler struct{ slog.Handler }

// Handle writes the line.
func (h contextHandler) Handle(ctx context.Context, r slog.Record) error {
	if req := RequestOf(ctx); req.ID != "" {
		r.AddAttrs(slog.String("request_id", req.ID))
	}
	if trace := tracing.ID(ctx); trace != "" {
		r.AddAttrs(slog.String("trace_id", trace))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps the wrapping.
func (h contextHandler) WithAttrs(a []slog.Attr) slog.Handler {
	return contextHandler{h.Handler.WithAttrs(a)}
}

// WithGroup keeps the wrapping.
func (h contextHandler) WithGroup(n string) slog.Handler {
	return contextHandler{h.Handler.WithGroup(n)}
}

// NewRegistry makes a metrics registry with the process's own figures.
func NewRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}
