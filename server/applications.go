package server

import (
	"context"
	"net/http"
	"strconv"

	"yinbo/card"
	"yinbo/internal/auth"
	"yinbo/internal/pii"
)

type documentIn struct {
	Document string `path:"document" maxLength:"60"`
	Version  string `path:"version" maxLength:"20"`
}

type applicant struct {
	Name          pii.Text `json:"name" minLength:"1" maxLength:"160" doc:"As on the id card"`
	IDNo          pii.Text `json:"id_no" minLength:"1" maxLength:"40" doc:"Resident id number, GB 11643"`
	Phone         pii.Text `json:"phone" minLength:"1" maxLength:"20" doc:"The signed-in phone"`
	Email         pii.Text `json:"email,omitempty" maxLength:"200"`
	Employer      pii.Text `json:"employer,omitempty" maxLength:"200"`
	IncomeBand    string   `json:"income_band,omitempty" maxLength:"20"`
	EmployerPhone pii.Text `json:"employer_phone,omitempty" maxLength:"30" doc:"With area code and extension, such as 021-12345678-100"`
	CityCode      string   `json:"city_code" minLength:"1" maxLength:"20" doc:"Six digits, GB/T 2260"`
	Address       pii.Text `json:"address,omitempty" maxLength:"200"`

	// What a bank's form may ask for besides; see GET /application-form.
	Pinyin          pii.Text  `json:"pinyin,omitempty" maxLength:"80" doc:"As on a passport, such as ZHANG SAN"`
	IDExpiresOn     pii.Text  `json:"id_expires_on,omitempty" maxLength:"10" doc:"YYYY-MM-DD, or long_term"`
	MaritalStatus   string    `json:"marital_status,omitempty" enum:"single,married,divorced,widowed"`
	Education       string    `json:"education,omitempty" enum:"doctor,master,bachelor,junior_college,high_school,below"`
	ResidenceYears  *int      `json:"residence_years,omitempty" nullable:"false" minimum:"0" maximum:"99" doc:"How long the person lives there"`
	Industry        string    `json:"industry,omitempty" enum:"government,finance,it,education,health,manufacturing,construction,trade,transport,hospitality,energy,agriculture,culture,services,other"`
	Title           string    `json:"title,omitempty" enum:"owner,executive,manager,professional,staff,worker,freelancer,retired,student,other"`
	EmployerAddress pii.Text  `json:"employer_address,omitempty" maxLength:"200"`
	Contacts        []contact `json:"contacts,omitempty" nullable:"false" maxItems:"2" doc:"Whom to ask in an emergency"`
	DeliveryTo      string    `json:"delivery_to,omitempty" enum:"home,work,branch"`
	DeliveryOutlet  string    `json:"delivery_outlet_id,omitempty" maxLength:"40" doc:"Of a card that is collected: an outlet of GET /outlets"`
	LimitWishedFen  int64     `json:"limit_wished_fen,omitempty" minimum:"1" maximum:"1000000000"`
	AutoRepay       *bool     `json:"auto_repay,omitempty" nullable:"false" doc:"Repay from a card of the bank by itself"`
}

type contact struct {
	Relation string   `json:"relation" enum:"spouse,parent,child,sibling,relative,friend,colleague"`
	Name     pii.Text `json:"name" minLength:"1" maxLength:"160"`
	Phone    pii.Text `json:"phone" minLength:"1" maxLength:"20"`
}

// more are the values besides the contract's, by the names under which they are
// kept.
func (a applicant) more() map[string]pii.Text {
	all := map[string]pii.Text{"pinyin": a.Pinyin, "id_expires_on": a.IDExpiresOn, "employer_address": a.EmployerAddress}
	for name, v := range map[string]string{"marital_status": a.MaritalStatus, "education": a.Education, "industry": a.Industry,
		"title": a.Title, "delivery_to": a.DeliveryTo} {
		all[name] = pii.Clear(v)
	}
	if a.ResidenceYears != nil {
		all["residence_years"] = pii.Clear(strconv.Itoa(*a.ResidenceYears))
	}
	if a.AutoRepay != nil {
		all["auto_repay"] = pii.Clear(map[bool]string{true: "yes", false: "no"}[*a.AutoRepay])
	}
	for i, c := range a.Contacts {
		name := "contact" + strconv.Itoa(i+1)
		all[name+"_relation"], all[name+"_name"], all[name+"_phone"] = pii.Clear(c.Relation), c.Name, c.Phone
	}
	return all
}

type applyIn struct {
	Keyed
	Body struct {
		CardProductID string            `json:"card_product_id" minLength:"1" maxLength:"60"`
		Applicant     applicant         `json:"applicant"`
		Consents      []card.ConsentRef `json:"consents" nullable:"false" maxItems:"20" doc:"Exactly the texts that the card product requires"`
		RoomID        string            `json:"room_id,omitempty" maxLength:"60"`
		ShareCode     string            `json:"share_code,omitempty" maxLength:"64"`
		DeviceID      string            `json:"device_id,omitempty" maxLength:"100"`
	}
}

type applicationIn struct {
	ID string `path:"id" maxLength:"60" doc:"app_…"`
}

type supplementIn struct {
	ID   string `path:"id" maxLength:"60" doc:"app_…"`
	Body struct {
		Fields map[string]pii.Text `json:"fields" doc:"Each field that was asked for, by its name"`
	}
}

func (s *Server) applicationRoutes() {
	route(s, http.MethodGet, "/card-products", public, "Credit cards that people may apply for", s.cardProducts)
	route(s, http.MethodGet, "/documents/{document}/{version}", public, "A text that people consent to", s.document)
	route(s, http.MethodPost, "/applications", viewers, "Apply for a credit card", s.apply, status(http.StatusCreated))
	route(s, http.MethodGet, "/applications", viewers, "One's own applications", s.applications)
	route(s, http.MethodGet, "/applications/{id}", viewers, "One of one's own applications", s.application)
	route(s, http.MethodPost, "/applications/{id}/supplements", viewers, "Send what the reviewer asked for", s.supplement)
	route(s, http.MethodPost, "/applications/{id}/withdraw", viewers, "Withdraw an application before it is decided", s.withdraw)
}

func viewerActor(ctx context.Context) card.Actor {
	return card.Actor{Kind: "viewer", ID: auth.From(ctx).ID, RequestID: requestID(ctx)}
}

func (s *Server) cardProducts(ctx context.Context, in *listIn) (*body[list[card.CardProduct]], error) {
	items, err := s.Applications.Products(ctx, auth.From(ctx).Bank.ID)
	return short(items, err, in.Page, func(c card.CardProduct) string { return c.ID })
}

func (s *Server) document(ctx context.Context, in *documentIn) (*body[card.Document], error) {
	d, err := s.Applications.Document(ctx, auth.From(ctx).Bank.ID, card.ConsentRef{Document: in.Document, Version: in.Version})
	if err != nil {
		return nil, err
	}
	return ok(d), nil
}

func (s *Server) apply(ctx context.Context, in *applyIn) (*answer[card.Receipt], error) {
	req, err := s.idem(ctx, "POST /applications", in.Keyed)
	if err != nil {
		return nil, err
	}
	p, b, a := auth.From(ctx), in.Body, in.Body.Applicant
	receipt, replayed, err := s.Applications.Apply(ctx, p.Bank, p.ID, card.Form{
		CardProductID: b.CardProductID, Consents: b.Consents, RoomID: b.RoomID, ShareCode: b.ShareCode, DeviceID: b.DeviceID,
		Applicant: card.Applicant{Name: a.Name, IDNo: a.IDNo, Phone: a.Phone, Email: a.Email, Employer: a.Employer,
			IncomeBand: a.IncomeBand, CityCode: a.CityCode, Address: a.Address, EmployerPhone: a.EmployerPhone,
			LimitWishedFen: a.LimitWishedFen, DeliveryOutletID: a.DeliveryOutlet, More: a.more()},
		IP: remoteIP(ctx), Agent: agentOf(ctx), By: viewerActor(ctx),
	}, req)
	if err != nil {
		return nil, err
	}
	return reply(receipt, replayed), nil
}

func (s *Server) applications(ctx context.Context, in *Page) (*body[list[card.Application]], error) {
	after, err := decodeCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	p := auth.From(ctx)
	items, err := s.Applications.List(ctx, p.Bank, p.ID, after, in.Limit)
	if err != nil {
		return nil, err
	}
	return paged(items, in.Limit, func(a card.Application) string { return a.ID }), nil
}

func (s *Server) application(ctx context.Context, in *applicationIn) (*body[card.Application], error) {
	p := auth.From(ctx)
	return answered(s.Applications.Get(ctx, p.Bank, p.ID, in.ID))
}

func (s *Server) supplement(ctx context.Context, in *supplementIn) (*body[card.Application], error) {
	p := auth.From(ctx)
	return answered(s.Applications.Supplement(ctx, p.Bank, p.ID, in.ID, in.Body.Fields, agentOf(ctx), viewerActor(ctx)))
}

func (s *Server) withdraw(ctx context.Context, in *applicationIn) (*body[card.Application], error) {
	p := auth.From(ctx)
	return answered(s.Applications.Withdraw(ctx, p.Bank, p.ID, in.ID, viewerActor(ctx)))
}
