package server

import (
	"context"
	"iter"
	"path"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"yinbo/internal/auth"
)

// access says who may call an operation.
type access struct {
	name  string
	kind  auth.Kind
	roles []auth.Role
	open  bool // without a token too
	bank  bool // a bank must be known
	cut   bool // for staff of a branch too: what they see of it is cut by the branch
	due   bool // also for staff who must see to something first
}

var (
	// public operations serve guests; a token that is given must be right.
	public = access{name: "public", open: true, bank: true}
	// viewers operations serve signed-in viewers.
	viewers = access{name: "viewer", kind: auth.Viewer, bank: true}
	// anyone operations serve whoever is signed in.
	anyone = access{name: "signed in", bank: true}
	// callback operations prove themselves by what they bring: a signature, or a
	// refresh token. No access token is looked at, no bank is asked for.
	callback = access{name: "callback", open: true}
)

// staff operations serve members of staff with one of the roles.
func staff(roles ...auth.Role) access {
	return access{name: "staff", kind: auth.Staff, roles: roles, bank: true}
}

// selves operations serve every member of staff, about their own account; also
// while something is due.
var selves = access{name: "staff", kind: auth.Staff, roles: slices.Concat(auth.Roles, []auth.Role{auth.Merchant}), bank: true, due: true, cut: true}

// byBranch lets staff of a branch in too: each sees what is of the branch and
// those below it. Whatever is not cut so is the head office's.
func (a access) byBranch() access {
	a.cut = true
	return a
}

type option func(*huma.Operation)

// status sets the status of success; 200 otherwise.
func status(code int) option { return func(o *huma.Operation) { o.DefaultStatus = code } }

// rawBody lets the handler read the body as it came.
func rawBody(contentTypes ...string) option {
	return func(o *huma.Operation) {
		o.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{}}
		for _, t := range contentTypes {
			o.RequestBody.Content[t] = &huma.MediaType{}
		}
		o.SkipValidateBody = true
	}
}

// route registers an operation under /api/v1: access first, then the body.
func route[I, O any](s *Server, method, path string, who access, summary string, h func(context.Context, *I) (*O, error), opts ...option) {
	op := huma.Operation{
		Method: method, Path: path, Summary: summary, OperationID: operationID(method, path), Tags: []string{tag(path)},
		Middlewares: huma.Middlewares{s.admit(who)}, MaxBodyBytes: maxBody + 1, BodyReadTimeout: 10 * time.Second,
		Errors: []int{400, 404, 409, 413, 422, 429, 503},
	}
	if !who.open {
		op.Security = []map[string][]string{{"bearer": {}}}
		op.Errors = append(op.Errors, 401, 403)
	}
	if len(who.roles) > 0 {
		names := make([]string, len(who.roles))
		for i, r := range who.roles {
			names[i] = string(r)
		}
		op.Description = "Roles: " + strings.Join(names, ", ") + "."
	}
	for _, o := range opts {
		o(&op)
	}
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return out, nil
	})
	tidy(s.api.OpenAPI(), path, method)
}

// tidy says in the document what huma can't know: a body that a handler also
// reads raw is JSON all the same, and its idempotency key is required (its
// absence is 400, not a validation error). Problems are told once for all
// operations, not with each.
func tidy(doc *huma.OpenAPI, path, method string) {
	shared := &doc.Components.Responses
	if *shared == nil {
		*shared = map[string]*huma.Response{}
	}
	for m, op := range operations(doc.Paths[path]) {
		if m != method {
			continue
		}
		for _, p := range op.Parameters {
			if p.Name == "Idempotency-Key" {
				p.Required = true
			}
		}
		if op.RequestBody != nil && op.RequestBody.Content["application/json"] != nil {
			delete(op.RequestBody.Content, "application/octet-stream")
		}
		for status, r := range op.Responses {
			if r.Content[problemType] != nil {
				(*shared)["Problem"+status] = r
				op.Responses[status] = &huma.Response{Ref: "#/components/responses/Problem" + status}
			}
		}
	}
}

// maxBody is the contract's limit of a body.
const maxBody = 1 << 20

func operationID(method, path string) string {
	words := strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '{' || r == '}' || r == '-' || r == '_' || r == '.' })
	return strings.ToLower(method) + "-" + strings.Join(words, "-")
}

func tag(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return first
}

type body[T any] struct{ Body T }

func ok[T any](v T) *body[T] { return &body[T]{Body: v} }

// answered gives v unless there is an error.
func answered[T any](v T, err error) (*body[T], error) {
	if err != nil {
		return nil, err
	}
	return ok(v), nil
}

type answer[T any] struct {
	Replayed string `header:"Idempotent-Replayed" doc:"true when this is the first answer to the same key again"`
	Body     T
}

func reply[T any](v T, replayed bool) *answer[T] {
	a := &answer[T]{Body: v}
	if replayed {
		a.Replayed = "true"
	}
	return a
}

// schemaName puts packages before types, those of type parameters too:
// order.View and live.View are two, and so are the lists of them.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Name() == "" {
		return huma.DefaultSchemaNamer(t, hint)
	}
	var b strings.Builder
	for part := range strings.FieldsFuncSeq(t.PkgPath()+"."+t.Name(), func(r rune) bool { return r == '[' || r == ']' || r == ',' }) {
		for word := range strings.SplitSeq(path.Base(part), ".") {
			if word != "" && word != "server" {
				b.WriteString(strings.ToUpper(word[:1]) + word[1:])
			}
		}
	}
	return b.String()
}

func newAPI(engine *gin.Engine) huma.API {
	// huma keeps its error constructor in a package variable; ours answers for
	// every API of this process alike.
	huma.NewErrorWithContext = humaProblem
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return humaProblem(nil, status, msg, errs...)
	}
	huma.ValidateStrictCasing = true // a field's name is its name
	c := huma.DefaultConfig("Yinbo 银播", "1")
	c.Info.Description = "Live commerce for banks. Money in fen, times in RFC 3339 UTC, errors as application/problem+json."
	c.Servers = []*huma.Server{{URL: "/api/v1"}}
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "/openapi", "", ""
	c.CreateHooks = nil
	c.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"bearer": {Type: "http", Scheme: "bearer", BearerFormat: "JWT"},
	}
	return humagin.NewWithGroup(engine, engine.Group("/api/v1"), c)
}

// operations lists what a path answers, by method.
func operations(p *huma.PathItem) iter.Seq2[string, *huma.Operation] {
	return func(yield func(string, *huma.Operation) bool) {
		for _, o := range []struct {
			method string
			op     *huma.Operation
		}{{"GET", p.Get}, {"POST", p.Post}, {"PUT", p.Put}, {"PATCH", p.Patch}, {"DELETE", p.Delete}} {
			if o.op != nil && !yield(o.method, o.op) {
				return
			}
		}
	}
}
