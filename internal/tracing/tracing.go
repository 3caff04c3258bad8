// Package tracing tells where a request's time went: spans of requests, tasks,
// transactions and calls to the bank, sent by OTLP over HTTP to the collector
// that is configured.
//
// Invariants: a span says what was done and how it ended, by names and codes of
// ours alone: no path, query, body, address or error text, so nothing of a person.
// Without a collector there are no spans and no cost; a collector that is slow or
// away costs spans, never requests. Who calls may name the trace but not choose
// that it is kept.
//
// It imports OpenTelemetry alone.
package tracing

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const scope = "yinbo"

// Tracing begins traces. A nil one begins none.
type Tracing struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

var wire propagation.TraceContext

// New sends a share (0 to 1) of traces to the collector at url, such as
// http://collector:4318; nil for no url. What could not be sent is told to log.
func New(ctx context.Context, url string, share float64, node string, log *slog.Logger) (*Tracing, error) {
	if url == "" {
		return nil, nil
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("tracing", "error", err) }))
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(url+"/v1/traces"))
	if err != nil {
		return nil, fmt.Errorf("tracing: %w", err)
	}
	of := sdk.TraceIDRatioBased(share)
	provider := sdk.NewTracerProvider(
		sdk.WithBatcher(exporter),
		sdk.WithSampler(sdk.ParentBased(of, sdk.WithRemoteParentSampled(of))),
		sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", scope), attribute.String("service.instance.id", node))),
	)
	return &Tracing{provider: provider, tracer: provider.Tracer(scope)}, nil
}

// Close sends what is left.
func (t *Tracing) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// Request begins the span of a request that came in; route is its pattern. It
// ends with the status that end is given.
func (t *Tracing) Request(r *http.Request, route, id string) (ctx context.Context, end func(status int)) {
	ctx = r.Context()
	if t == nil {
		return ctx, func(int) {}
	}
	ctx, span := t.tracer.Start(wire.Extract(ctx, propagation.HeaderCarrier(r.Header)), r.Method+" "+route, trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(attribute.String("http.request.method", r.Method), attribute.String("http.route", route), attribute.String("request_id", id)))
	return ctx, func(status int) {
		span.SetAttributes(attribute.Int("http.response.status_code", status))
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// Task begins the span of a task.
func (t *Tracing) Task(ctx context.Context, kind, id string) (context.Context, func(error)) {
	if t == nil {
		return ctx, func(error) {}
	}
	ctx, span := t.tracer.Start(ctx, "task "+kind, trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(attribute.String("task_id", id)))
	return ctx, ending(span)
}

// Part begins the span of a part of what ctx traces; of nothing when it traces
// nothing.
func Part(ctx context.Context, name string) (context.Context, func(error)) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, func(error) {}
	}
	ctx, span := parent.TracerProvider().Tracer(scope).Start(ctx, name)
	return ctx, ending(span)
}

func ending(span trace.Span) func(error) {
	return func(err error) {
		if err != nil { // the log says why
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// ID is the trace's, "" where ctx traces nothing that is kept.
func ID(ctx context.Context) string {
	c := trace.SpanContextFromContext(ctx)
	if !c.IsSampled() {
		return ""
	}
	return c.TraceID().String()
}

// Transport makes a span of each call that a trace's context makes, and tells the
// other side its name.
func Transport(next http.RoundTripper) http.RoundTripper { return transport{next} }

type transport struct{ next http.RoundTripper }

// RoundTrip calls.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, end := Part(r.Context(), "call "+r.Method+" "+r.URL.Host)
	if ctx != r.Context() {
		r = r.Clone(ctx)
		wire.Inject(ctx, propagation.HeaderCarrier(r.Header))
	}
	res, err := t.next.RoundTrip(r)
	end(err)
	return res, err
}

// CloseIdleConnections is what http.Client asks for.
func (t transport) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
