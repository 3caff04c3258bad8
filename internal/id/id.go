// Package id makes and reads TypeIDs: a lower-case prefix, an underscore and
// the 26 Crockford base32 characters of a UUIDv7 (the TypeID 0.3
// specification). One id serves URL, database and log, and ids made later sort
// later, so that inserts stay local in an index.
package id

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Prefixes of the contract, section 1, and of the rows that only we see.
const (
	Bank            = "bank"
	Branch          = "brn"
	Staff           = "stf"
	Viewer          = "vwr"
	Room            = "room"
	Product         = "prd"
	SKU             = "sku"
	Merchant        = "mch"
	Flash           = "flash"
	Coupon          = "cpn"
	CouponBatch     = "cpb"
	CouponDrop      = "cpd"
	CardProduct     = "crd"
	Binding         = "bnd"
	Order           = "ord"
	Payment         = "pay"
	Refund          = "rfd"
	Application     = "app"
	Settlement      = "stl"
	Reconciliation  = "rec"
	Event           = "evt"
	Audit           = "aud"
	Exception       = "exc"
	Session         = "ses"
	Key             = "key"
	Entry           = "ent"
	FollowUp        = "fup"
	Consent         = "cns"
	OTP             = "otp"
	Address         = "adr"
	Shipment        = "shp"
	Voucher         = "vch"
	Category        = "cat"
	Import          = "imp"
	Reservation     = "rsv"
	RedPacket       = "rpk"
	Lottery         = "lot"
	Poll            = "pol"
	Cue             = "cue"
	RuleSet         = "rls"
	ListEntry       = "lse"
	DryRun          = "dry"
	Hold            = "hld"
	Proof           = "prf"
	Journey         = "jny"
	Message         = "msg"
	Opinion         = "opn"
	Queue           = "que"
	Search          = "sch"
	Handover        = "hov"
	Difference      = "dif"
	Cost            = "cst"
	StaffRequest    = "srq"
	Draft           = "dft"
	ShareCode       = "shc"
	Proposal        = "ppl"
	Statement       = "sta"
	Payout          = "pyt"
	MerchantChange  = "mcc"
	MerchantAccount = "mca"
	Terms           = "trm"
	Invoice         = "inv"
	SettingChange   = "stc"
	Slice           = "slc"
	FormChange      = "afc"
	Follow          = "fol"
)

const (
	alphabet   = "0123456789abcdefghjkmnpqrstvwxyz"
	encodedLen = 26
	maxPrefix  = 63
)

var values = func() (v [256]byte) {
	for i := range v {
		v[i] = 0xff
	}
	for i := range alphabet {
		v[alphabet[i]] = byte(i)
	}
	return v
}()

// New makes an id under prefix. Within a process, ids made later sort later.
func New(prefix string) string {
	u, err := uuid.NewV7()
	if err != nil { // the system has no randomness: nothing safe can follow
		panic(fmt.Sprintf("id: %v", err))
	}
	return Encode(prefix, u)
}

// First is the lowest id that can be made at t: what is made from t on is not
// below it.
func First(prefix string, t time.Time) string {
	var u uuid.UUID
	binary.BigEndian.PutUint64(u[:8], uint64(max(t.UnixMilli(), 0))<<16)
	return Encode(prefix, u)
}

// Encode writes u under prefix; an empty prefix leaves the underscore out.
func Encode(prefix string, u [16]byte) string {
	var b strings.Builder
	b.Grow(len(prefix) + 1 + encodedLen)
	if prefix != "" {
		b.WriteString(prefix)
		b.WriteByte('_')
	}
	// 130 bits hold the 128 of u behind two zero bits: 26 groups of five.
	for i := range encodedLen {
		b.WriteByte(alphabet[fiveBits(u, i*5-2)])
	}
	return b.String()
}

// fiveBits reads the five bits of u that begin at bit at, which may be
// negative: bits before the first are zero.
func fiveBits(u [16]byte, at int) byte {
	var v byte
	for i := at; i < at+5; i++ {
		v <<= 1
		if i >= 0 {
			v |= u[i/8] >> (7 - i%8) & 1
		}
	}
	return v
}

// Parse splits an id into its prefix and UUID.
func Parse(s string) (prefix string, u [16]byte, err error) {
	suffix := s
	if i := strings.LastIndexByte(s, '_'); i >= 0 {
		prefix, suffix = s[:i], s[i+1:]
		if prefix == "" {
			return "", u, fmt.Errorf("id: %q has an underscore but no prefix", s)
		}
	}
	if err := checkPrefix(prefix); err != nil {
		return "", u, err
	}
	if len(suffix) != encodedLen || suffix[0] > '7' {
		return "", u, fmt.Errorf("id: %q does not end in 26 characters of a UUID", s)
	}
	for i := range encodedLen {
		v := values[suffix[i]]
		if v == 0xff {
			return "", u, fmt.Errorf("id: %q has a character outside the alphabet", s)
		}
		putFiveBits(&u, i*5-2, v)
	}
	return prefix, u, nil
}

func putFiveBits(u *[16]byte, at int, v byte) {
	for k := range 5 {
		if i := at + k; i >= 0 {
			u[i/8] |= v >> (4 - k) & 1 << (7 - i%8)
		}
	}
}

func checkPrefix(p string) error {
	if len(p) > maxPrefix {
		return fmt.Errorf("id: prefix longer than %d characters", maxPrefix)
	}
	for i := range len(p) {
		c := p[i]
		edge := i == 0 || i == len(p)-1
		if c >= 'a' && c <= 'z' || c == '_' && !edge {
			continue
		}
		return fmt.Errorf("id: prefix %q has a character outside a-z and inner underscores", p)
	}
	return nil
}

// Is tells whether s is a well-formed id under prefix.
func Is(prefix, s string) bool {
	p, _, err := Parse(s)
	return err == nil && p == prefix
}
