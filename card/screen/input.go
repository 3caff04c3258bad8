package screen

// Input is all that a rule may look at: facts without personal data. Its zero
// value is that of somebody of whom nothing is known.
type Input struct {
	Age           int    `json:"age" expr:"age" required:"false" minimum:"0" maximum:"150" doc:"Years, on the bank's calendar"`
	IDValid       bool   `json:"id_valid" expr:"id_valid" required:"false" doc:"The id number's checks hold"`
	AdminCode     string `json:"admin_code" expr:"admin_code" required:"false" maxLength:"6" doc:"The id number's first six digits (GB/T 2260)"`
	CityCode      string `json:"city_code" expr:"city_code" required:"false" maxLength:"6" doc:"Where the person lives"`
	IncomeBand    string `json:"income_band" expr:"income_band" required:"false" maxLength:"20"`
	Industry      string `json:"industry" expr:"industry" required:"false" maxLength:"20" doc:"Of the employer, as a code; empty when not told"`
	Title         string `json:"title" expr:"title" required:"false" maxLength:"20" doc:"At work, as a code; empty when not told"`
	LimitWished   int64  `json:"limit_wished_fen" expr:"limit_wished_fen" required:"false" minimum:"0" doc:"0 for none"`
	Campaign      string `json:"campaign" expr:"campaign" required:"false" maxLength:"60" doc:"Of the share code; empty for none"`
	CardProductID string `json:"card_product_id" expr:"card_product_id" required:"false" maxLength:"60"`
	RoomID        string `json:"room_id" expr:"room_id" required:"false" maxLength:"60" doc:"Empty outside of rooms"`
	BranchID      string `json:"branch_id" expr:"branch_id" required:"false" maxLength:"60"`
	Hour          int    `json:"hour" expr:"hour" required:"false" minimum:"0" maximum:"23" doc:"Of the bank's day"`
	Agent         string `json:"agent" expr:"agent" required:"false" maxLength:"10" doc:"What the request came from: wechat, app, mobile, desktop, bot, none"`
	DeviceGiven   bool   `json:"device_given" expr:"device_given" required:"false" doc:"The client named its device"`
	IPSharePct    int    `json:"ip_share_pct" expr:"ip_share_pct" required:"false" minimum:"0" maximum:"100" doc:"The address's share of the bank's newest applications of today"`

	Person        Applicant `json:"person" expr:"person" required:"false"`
	Phone         Subject   `json:"phone" expr:"phone" required:"false"`
	Device        Subject   `json:"device" expr:"device" required:"false"`
	IP            Subject   `json:"ip" expr:"ip" required:"false"`
	EmployerPhone Subject   `json:"employer_phone" expr:"employer_phone" required:"false"`

	CoolOffDays  int `json:"cool_off_days" expr:"cool_off_days" required:"false" minimum:"0" doc:"The bank's setting"`
	AddressLimit int `json:"address_limit" expr:"address_limit" required:"false" minimum:"0" doc:"The bank's setting: applications of an address within an hour; 0 for none"`
}

// Applicant is what is known of who applies.
type Applicant struct {
	Black            bool `json:"black" expr:"black" required:"false" doc:"On the black list"`
	White            bool `json:"white" expr:"white" required:"false" doc:"On the white list"`
	OpenElsewhere    int  `json:"open_elsewhere" expr:"open_elsewhere" required:"false" minimum:"0" doc:"Open applications for other card products"`
	CardsHeld        int  `json:"cards_held" expr:"cards_held" required:"false" minimum:"0" doc:"Cards issued here"`
	Declined         bool `json:"declined" expr:"declined" required:"false" doc:"Was ever declined"`
	DaysSinceDecline int  `json:"days_since_decline" expr:"days_since_decline" required:"false" minimum:"0" doc:"Since the last decline, where there is one"`
}

// Subject is a phone, device or address with the earlier applications that came
// with it. Counts stop at 1,000.
type Subject struct {
	Black  bool `json:"black" expr:"black" required:"false" doc:"On the black list"`
	White  bool `json:"white" expr:"white" required:"false" doc:"On the white list"`
	M10    int  `json:"m10" expr:"m10" required:"false" minimum:"0" doc:"Applications within 10 minutes"`
	H1     int  `json:"h1" expr:"h1" required:"false" minimum:"0" doc:"Within an hour"`
	H24    int  `json:"h24" expr:"h24" required:"false" minimum:"0" doc:"Within 24 hours"`
	D7     int  `json:"d7" expr:"d7" required:"false" minimum:"0" doc:"Within 7 days"`
	Others int  `json:"others" expr:"others" required:"false" minimum:"0" doc:"Other persons' applications: of a device and an address within 24 hours, of a phone within 90 days"`
}
