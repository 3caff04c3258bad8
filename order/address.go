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

// clearAddress is how an address looks inside the seal.
type clearAddress struct {
	Name     string `json:"name"`
	Phone    string `json:"phone"`
	Province string `json:"province"`
	City     string `json:"city"`
	District string `json:"district"`
	Street   string `json:"street"`
}

func addressPlace(bank, orderID string) pii.Place {
	return pii.Place{Bank: bank, Table: "orders", Column: "address", Row: orderID}
}

// SealAddress seals a for one order; nil gives "".
func SealAddress(ctx context.Context, k *pii.Keyring, bank, orderID string, a *Address) (string, error) {
	if a == nil {
		return "", nil
	}
	raw, err := json.Marshal(clearAddress{a.Name.Reveal(), a.Phone.Reveal(), a.Province.Reveal(),
		a.City.Reveal(), a.District.Reveal(), a.Street.Reveal()})
	if err != nil {
		return "", fmt.Errorf("order: address: %w", err)
	}
	return k.Seal(ctx, addressPlace(bank, orderID), pii.Clear(string(raw)))
}

// OpenAddress opens what SealAddress sealed.
func OpenAddress(ctx context.Context, k *pii.Keyring, bank, orderID, sealed string) (a Address, err error) {
	text, err := k.Open(ctx, addressPlace(bank, orderID), sealed)
	if err != nil {
		return a, err
	}
	var c clearAddress
	if err := json.Unmarshal([]byte(text.Reveal()), &c); err != nil {
		return a, fmt.Errorf("order: address of %s cannot be read", orderID) // the cause would quote it
	}
	return Address{pii.Clear(c.Name), pii.Clear(c.Phone), pii.Clear(c.Province),
		pii.Clear(c.City), pii.Clear(c.District), pii.Clear(c.Street)}, nil
}
