package order

import (
	"context"
	"encoding/json"
	"fmt"

	"yinbo/internal/pii"
)

// Address is where physical goods go: personal data, sealed at rest.
type Address struct {
	Name, Phone, Province, City, District, Street pii.Text
}

func addressPlace(bank, orderID string) pii.Place {
	return pii.Place{Bank: bank, Table: "orders", Column: "address", Row: orderID}
}

// SealAddress seals a for one order; nil gives "".
func SealAddress(ctx context.Context, k *pii.Keyring, bank, orderID string, a *Address) (string, error) {
	if a == nil {
		return "", nil
	}
	return SealAddressAt(ctx, k, addressPlace(bank, orderID), *a)
}

// SealAddressAt seals a for another place.
func SealAddressAt(ctx context.Context, k *pii.Keyring, at pii.Place, a Address) (string, error) {
	raw, err := json.Marshal(a.InClear())
	if err != nil {
		return "", fmt.Errorf("order: address: %w", err)
	}
	return k.Seal(ctx, at, pii.Clear(string(raw)))
}

// OpenAddress opens what SealAddress sealed.
func OpenAddress(ctx context.Context, k *pii.Keyring, bank, orderID, sealed string) (Address, error) {
	return OpenAddressAt(ctx, k, addressPlace(bank, orderID), sealed)
}

// OpenAddressAt opens what SealAddressAt sealed.
func OpenAddressAt(ctx context.Context, k *pii.Keyring, at pii.Place, sealed string) (a Address, err error) {
	text, err := k.Open(ctx, at, sealed)
	if err != nil {
		return a, err
	}
	var c AddressView
	if err := json.Unmarshal([]byte(text.Reveal()), &c); err != nil {
		return a, fmt.Errorf("order: address of %s cannot be read", at.Row) // the cause would quote it
	}
	return Address{pii.Clear(c.Name), pii.Clear(c.Phone), pii.Clear(c.Province),
		pii.Clear(c.City), pii.Clear(c.District), pii.Clear(c.Street)}, nil
}

// AddressView is an address as the API shows it, and as it looks inside the seal.
type AddressView struct {
	Name     string `json:"name"`
	Phone    string `json:"phone"`
	Province string `json:"province"`
	City     string `json:"city"`
	District string `json:"district"`
	Street   string `json:"street"`
}

// Masked shows where about it is, and no more of who lives there than screens
// may (RULES §3).
func (a Address) Masked() AddressView {
	return AddressView{Name: pii.MaskName(a.Name.Reveal()), Phone: pii.MaskPhone(a.Phone.Reveal()), Province: a.Province.Reveal(),
		City: a.City.Reveal(), District: a.District.Reveal(), Street: pii.MaskAny(a.Street.Reveal())}
}

// InClear is for the owner, and for those whose look is audited.
func (a Address) InClear() AddressView {
	return AddressView{Name: a.Name.Reveal(), Phone: a.Phone.Reveal(), Province: a.Province.Reveal(),
		City: a.City.Reveal(), District: a.District.Reveal(), Street: a.Street.Reveal()}
}
