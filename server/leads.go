package server

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yinbo/card"
	"yinbo/card/review"
	"yinbo/internal/auth"
	"yinbo/internal/fault"
	"yinbo/internal/idem"
	"yinbo/internal/pii"
)

// LeadFilter is embedded in the inputs of lists of leads.
type LeadFilter struct {
	Status   string `query:"status" maxLength:"20" enum:"screening,queued,in_review,info_requested,approved,rejected,withdrawn,handed_off,issued,activated,bound"`
	Assignee string `query:"assignee" pattern:"^(me|none|stf_[0-9a-z]{26})$" doc:"me, none, or a member of staff"`
	Query    string `query:"q" maxLength:"60" doc:"A receipt number or application id; a phone as it is masked (138****5678) or its last four digits, a name as it is masked (张*); a whole phone or id number: better by POST /leads/search"`
	From     string `query:"from" maxLength:"40" doc:"Sent in from this day (YYYY-MM-DD in the bank's zone) or time on"`
	To       string `query:"to" maxLength:"40" doc:"Sent in to the end of this day, or before this time"`

	Queue      string `query:"queue" pattern:"^que_[0-9a-z]{26}$"`
	Branch     string `query:"branch" pattern:"^brn_[0-9a-z]{26}$" doc:"With all branches below it"`
	Room       string `query:"room" pattern:"^room_[0-9a-z]{26}$"`
	Product    string `query:"product" pattern:"^crd_[0-9a-z]{26}$"`
	Screening  string `query:"screening" enum:"pass,refer,decline"`
	City       string `query:"city" pattern:"^[0-9]{6}$"`
	IncomeBand string `query:"income_band" maxLength:"20"`
	Escalated  bool   `query:"escalated" doc:"Only those for which a promise was not kept, while in review"`
	Proposed   bool   `query:"proposed" doc:"Only those whose decision waits for a second person"`
	Sort       string `query:"sort" enum:"newest,oldest" doc:"By when they were sent in; newest without"`
}

type leadsIn struct {
	Page
	LeadFilter
}

type exportIn struct{ LeadFilter }

// LeadID is embedded in the inputs of acts on a lead.
type LeadID struct {
	ID string `path:"id" maxLength:"60" doc:"app_…"`
}

type assignIn struct {
	LeadID
	Body struct {
		StaffID string `json:"staff_id" minLength:"1" maxLength:"60" doc:"A reviewer or supervisor of the bank"`
	}
}

type noteIn struct {
	LeadID
	Body struct {
		Text pii.Text `json:"text" minLength:"1" maxLength:"1000"`
	}
}

type requestInfoIn struct {
	LeadID
	Body struct {
		Fields  []string `json:"fields" nullable:"false" maxItems:"10" doc:"Names of fields, such as employer; of the form, or the reviewer's own"`
		Message pii.Text `json:"message" minLength:"1" maxLength:"500" doc:"To the applicant"`
	}
}

type decideIn struct {
	LeadID
	Body struct {
		Decision   string   `json:"decision" enum:"approve,reject"`
		ReasonCode string   `json:"reason_code" enum:"meets_policy,income_unverified,identity_doubt,duplicate,policy_excluded,risk,other"`
		Comment    pii.Text `json:"comment,omitempty" maxLength:"1000"`
	}
}

type revealIn struct {
	LeadID
	Body struct {
		Fields []string `json:"fields" nullable:"false" maxItems:"30" doc:"Names of applicant fields"`
		Reason string   `json:"reason" minLength:"1" maxLength:"200" doc:"Goes to the audit log"`
	}
}

type revealOut struct {
	Policy string `header:"RateLimit-Policy"`
	Limit  string `header:"RateLimit"`
	Body   struct {
		Fields map[string]string `json:"fields"`
	}
}

type outcomesIn struct {
	Key         string `header:"Idempotency-Key" doc:"1 to 128 visible ASCII characters; the same key and body give the first answer again"`
	ContentType string `header:"Content-Type"`
	RawBody     []byte `contentType:"text/csv"`
}

// outcomesBody is the JSON form of outcomes, for the OpenAPI document: the
// domain reads it from the raw body, as it does the CSV.
type outcomesBody struct {
	Items []review.Outcome `json:"items" nullable:"false" minItems:"1" maxItems:"1000"`
}

var (
	reviewers   = staff(auth.Reviewer, auth.Supervisor).byBranch()
	supervisors = staff(auth.Supervisor).byBranch()
	// headSupervisors see to what is the whole bank's: the card core, queues, people.
	headSupervisors = staff(auth.Supervisor)
)

func (s *Server) leadRoutes() {
	route(s, http.MethodGet, "/leads", reviewers, "Leads, masked, by when they were sent in", s.leads)
	route(s, http.MethodGet, "/leads/export", supervisors, "Leads as CSV, masked and audited", s.exportLeads)
	route(s, http.MethodPost, "/leads/outcomes", headSupervisors, "The card core's answers, as JSON or CSV", s.recordOutcomes, s.outcomesSchema())
	route(s, http.MethodGet, "/leads/{id}", reviewers, "A lead, masked", s.lead)
	route(s, http.MethodPost, "/leads/{id}/claim", reviewers, "Claim a lead, or renew one's claim", s.claimLead)
	route(s, http.MethodPost, "/leads/{id}/release", reviewers, "Give a claim back", s.releaseLead)
	route(s, http.MethodPost, "/leads/{id}/assign", supervisors, "Give a lead to a reviewer", s.assignLead)
	route(s, http.MethodPost, "/leads/{id}/notes", reviewers, "Write a note", s.noteLead)
	route(s, http.MethodPost, "/leads/{id}/request-info", reviewers, "Ask the applicant for more", s.requestInfo)
	route(s, http.MethodPost, "/leads/{id}/decide", reviewers, "Approve or reject a claimed lead", s.decideLead)
	route(s, http.MethodPost, "/leads/{id}/reveal", reviewers, "See personal data, with a reason, audited", s.revealLead)
	s.reviewRoutes()
	route(s, http.MethodPost, "/callbacks/card-outcomes", callback, "The card core reports outcomes", s.outcomesCallback, rawBody("application/json"))
}

func (s *Server) outcomesSchema() option {
	schema := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[outcomesBody](), true, "OutcomesBody")
	return func(o *huma.Operation) {
		o.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}}
		o.SkipValidateBody = true
	}
}

func reviewerOf(ctx context.Context) review.Person {
	p := auth.From(ctx)
	return review.Person{ID: p.ID, Supervisor: p.Has(auth.Supervisor), Scope: p.Scope, RequestID: requestID(ctx)}
}

// leadSeen is 404 for a lead of a branch that the caller does not see.
func (s *Server) leadSeen(ctx context.Context, lead string) error {
	return s.Leads.Sees(ctx, auth.From(ctx).Bank.ID, reviewerOf(ctx), lead)
}

// filter reads the query; a day without a time is the bank's whole day.
func (s *Server) filter(ctx context.Context, f LeadFilter) (out review.Filter, err error) {
	bank := auth.From(ctx).Bank
	zone := bank.Zone
	out = review.Filter{Status: card.Status(f.Status), Assignee: f.Assignee, Query: f.Query, Queue: f.Queue, Room: f.Room, Product: f.Product,
		Screening: card.Verdict(f.Screening), City: f.City, IncomeBand: f.IncomeBand, Escalated: f.Escalated, Proposed: f.Proposed, Oldest: f.Sort == "oldest"}
	if out.Branch, err = s.Banks.ScopeOf(ctx, bank.ID, f.Branch); err != nil {
		return out, err
	}
	if out.From, err = moment("from", f.From, zone, 0); err != nil {
		return out, err
	}
	out.To, err = moment("to", f.To, zone, 1)
	return out, err
}

// moment reads a time, or the beginning of a day, days later; zero for "".
func moment(field, v string, zone *time.Location, days int) (time.Time, error) {
	if v == "" {
		return time.Time{}, nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, v, zone); err == nil {
		if end := t.AddDate(0, 0, days); end.Year() <= 9999 { // beyond, no database and no JSON goes
			return end, nil
		}
		return t, nil
	}
	t, err := time.Parse(time.RFC3339Nano, v)
	if err != nil {
		return t, fault.InvalidField(field, "field.format")
	}
	return t, nil
}

func (s *Server) leads(ctx context.Context, in *leadsIn) (*body[list[review.Lead]], error) {
	after, err := decodeCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	bank := auth.From(ctx).Bank
	f, err := s.filter(ctx, in.LeadFilter)
	if err != nil {
		return nil, err
	}
	items, err := s.Leads.List(ctx, bank.ID, reviewerOf(ctx), f, after, in.Limit)
	if err != nil {
		return nil, err
	}
	return paged(items, in.Limit, func(l review.Lead) string { return l.ID }), nil
}

func (s *Server) exportLeads(ctx context.Context, in *exportIn) (*huma.StreamResponse, error) {
	bank := auth.From(ctx).Bank
	f, err := s.filter(ctx, in.LeadFilter)
	if err != nil {
		return nil, err
	}
	write, err := s.Leads.Export(ctx, bank, reviewerOf(ctx), f)
	if err != nil {
		return nil, err
	}
	return s.csv(ctx, "leads.csv", write), nil
}

func (s *Server) lead(ctx context.Context, in *LeadID) (*body[review.LeadDetail], error) {
	return answered(s.Leads.Get(ctx, auth.From(ctx).Bank, reviewerOf(ctx), in.ID))
}

// after gives the lead as it stands when an act on it was done.
func (s *Server) after(ctx context.Context, lead string, err error) (*body[review.LeadDetail], error) {
	if err != nil {
		return nil, err
	}
	return answered(s.Leads.Get(ctx, auth.From(ctx).Bank, reviewerOf(ctx), lead))
}

func (s *Server) claimLead(ctx context.Context, in *LeadID) (*body[review.LeadDetail], error) {
	return s.after(ctx, in.ID, s.Leads.Claim(ctx, auth.From(ctx).Bank, reviewerOf(ctx), in.ID))
}

func (s *Server) releaseLead(ctx context.Context, in *LeadID) (*body[review.LeadDetail], error) {
	return s.after(ctx, in.ID, s.Leads.Release(ctx, auth.From(ctx).Bank, reviewerOf(ctx), in.ID))
}

func (s *Server) assignLead(ctx context.Context, in *assignIn) (*body[review.LeadDetail], error) {
	return s.after(ctx, in.ID, s.Leads.Assign(ctx, auth.From(ctx).Bank, reviewerOf(ctx), in.ID, in.Body.StaffID))
}

func (s *Server) noteLead(ctx context.Context, in *noteIn) (*body[review.LeadDetail], error) {
	return s.after(ctx, in.ID, s.Leads.Note(ctx, auth.From(ctx).Bank, reviewerOf(ctx), in.ID, in.Body.Text))
}

func (s *Server) requestInfo(ctx context.Context, in *requestInfoIn) (*body[review.LeadDetail], error) {
	return s.after(ctx, in.ID, s.Leads.RequestInfo(ctx, auth.From(ctx).Bank, reviewerOf(ctx), in.ID, in.Body.Fields, in.Body.Message))
}

func (s *Server) decideLead(ctx context.Context, in *decideIn) (*body[review.LeadDetail], error) {
	d := review.Decision{Decision: in.Body.Decision, ReasonCode: in.Body.ReasonCode, Comment: in.Body.Comment}
	return s.after(ctx, in.ID, s.Leads.Decide(ctx, auth.From(ctx).Bank, reviewerOf(ctx), in.ID, d))
}

func (s *Server) revealLead(ctx context.Context, in *revealIn) (*revealOut, error) {
	fields, left, err := s.Leads.Reveal(ctx, auth.From(ctx).Bank, reviewerOf(ctx), in.ID, in.Body.Fields, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	out := &revealOut{Policy: fmt.Sprintf(`"reveal";q=%d;w=3600`, review.RevealsPerHour), Limit: fmt.Sprintf(`"reveal";r=%d;t=3600`, left)}
	out.Body.Fields = make(map[string]string, len(fields))
	for name, v := range fields {
		out.Body.Fields[name] = v.Reveal()
	}
	return out, nil
}

func (s *Server) recordOutcomes(ctx context.Context, in *outcomesIn) (*answer[review.Report], error) {
	req, err := s.idem(ctx, "POST /leads/outcomes", Keyed{Key: in.Key, RawBody: in.RawBody})
	if err != nil {
		return nil, err
	}
	report, replayed, err := s.recordedOutcomes(ctx, in, req)
	if err != nil {
		return nil, err
	}
	return reply(report, replayed), nil
}

// recordedOutcomes refuses a JSON body for one item that can't be read, and reports
// such a line of a file.
func (s *Server) recordedOutcomes(ctx context.Context, in *outcomesIn, req idem.Request) (review.Report, bool, error) {
	bank, by := auth.From(ctx).Bank, reviewerOf(ctx)
	if kind, _, _ := mime.ParseMediaType(in.ContentType); strings.EqualFold(kind, "text/csv") {
		lines, err := review.ReadCSV(in.RawBody)
		if err != nil {
			return review.Report{}, false, err
		}
		return s.Outcomes.RecordFile(ctx, bank, by, lines, req)
	}
	items, err := review.ReadJSON(in.RawBody)
	if err != nil {
		return review.Report{}, false, err
	}
	return s.Outcomes.Record(ctx, bank, by, items, req)
}

func (s *Server) outcomesCallback(ctx context.Context, in *callbackIn) (*body[review.Report], error) {
	return answered(s.Outcomes.Callback(ctx, in.Signature, in.RawBody, requestID(ctx)))
}
