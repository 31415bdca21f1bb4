package mobile

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"maps"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

const (
	// optInEvery is how often a number can be opted in.
	// https://docs.aws.amazon.com/sns/latest/api/API_OptInPhoneNumber.html
	optInEvery = 30 * 24 * time.Hour
	// maxNumbers, and the time that a verified number must stay:
	// https://docs.aws.amazon.com/sns/latest/dg/sns-sms-sandbox-verifying-phone-numbers.html
	maxNumbers  = 10
	verifiedFor = 24 * time.Hour
)

// TextSettings are an account's settings for text messages.
func TextSettings(r Reader, p Place) (map[string]string, error) {
	settings := map[string]string{}
	_, err := get(r, []byte(settingSpace+p.text()), &settings)
	return settings, err
}

// SetTextSettings changes settings.
func SetTextSettings(tx *store.Tx, p Place, change map[string]string) error {
	settings, err := TextSettings(tx, p)
	if err != nil {
		return err
	}
	maps.Copy(settings, change)
	return tx.Set([]byte(settingSpace+p.text()), encode(settings))
}

type optRecord struct {
	OptedOut  bool      `json:"optedOut,omitempty"`
	OptedInAt time.Time `json:"optedInAt,omitzero"`
}

// OptedOut tells whether a number wants no text messages.
func OptedOut(r Reader, p Place, number string) (bool, error) {
	var rec optRecord
	_, err := get(r, p.key(optSpace, number), &rec)
	return rec.OptedOut, err
}

// OptOut notes that a number wants no text messages: what a gateway calls when
// it is told to stop.
func OptOut(tx *store.Tx, p Place, number string) error {
	var rec optRecord
	if _, err := get(tx, p.key(optSpace, number), &rec); err != nil {
		return err
	}
	rec.OptedOut = true
	return tx.Set(p.key(optSpace, number), encode(rec))
}

// OptIn notes that a number wants text messages again; nothing changes if it
// never did not.
func OptIn(tx *store.Tx, p Place, number string) error {
	var rec optRecord
	found, err := get(tx, p.key(optSpace, number), &rec)
	if err != nil || !found || !rec.OptedOut {
		return err
	}
	if !rec.OptedInAt.IsZero() && tx.Now().Sub(rec.OptedInAt) < optInEvery {
		return fmt.Errorf("opt in: %w", ErrOptedInBefore)
	}
	return tx.Set(p.key(optSpace, number), encode(optRecord{OptedInAt: tx.Now()}))
}

// optLooks bounds how many numbers a page of ListOptedOut looks at.
const optLooks = 1000

// ListOptedOut is ListApps for the numbers that want no text messages.
func ListOptedOut(r Reader, p Place, cursor string, limit int) (numbers []string, next string, err error) {
	full, last := "", ""
	more, err := pageOf(r, p.key(optSpace, ""), cursor, optLooks, func(number string, value []byte) error {
		var rec optRecord
		if err := decode(value, &rec); err != nil {
			return err
		}
		last = number
		switch {
		case !rec.OptedOut:
		case len(numbers) < limit:
			numbers = append(numbers, number)
		case full == "":
			full = numbers[limit-1]
		}
		return nil
	})
	switch {
	case full != "":
		next = full
	case more:
		next = last
	}
	return numbers, next, err
}

// Number is a number to try text messages with.
type Number struct {
	Number   string
	Verified bool
}

type numberRecord struct {
	Code       []byte    `json:"code,omitempty"` // digest of the code that was sent
	VerifiedAt time.Time `json:"verifiedAt,omitzero"`
}

// AddNumber puts a number into the sandbox, where it waits for the code that is
// sent to it; one that is there waits again, unless it is verified.
func AddNumber(tx *store.Tx, p Place, number, code string) error {
	var rec numberRecord
	found, err := get(tx, p.key(sandboxSpace, number), &rec)
	if err != nil || found && !rec.VerifiedAt.IsZero() {
		return err
	}
	if !found {
		all, more, err := ListNumbers(tx, p, "", maxNumbers)
		if err != nil {
			return err
		}
		if more != "" || len(all) == maxNumbers {
			return fmt.Errorf("add a number: %w", ErrManyNumbers)
		}
	}
	return tx.Set(p.key(sandboxSpace, number), encode(numberRecord{Code: digest(code)}))
}

func digest(code string) []byte {
	sum := sha256.Sum256([]byte(code))
	return sum[:]
}

// VerifyNumber verifies a number by its code, as often as it is told to.
func VerifyNumber(tx *store.Tx, p Place, number, code string) error {
	rec, err := getNumber(tx, p, number)
	if err != nil || !rec.VerifiedAt.IsZero() {
		return err
	}
	if subtle.ConstantTimeCompare(rec.Code, digest(code)) != 1 {
		return fmt.Errorf("verify a number: %w", ErrWrongCode)
	}
	return tx.Set(p.key(sandboxSpace, number), encode(numberRecord{VerifiedAt: tx.Now()}))
}

// RemoveNumber takes a number out of the sandbox.
func RemoveNumber(tx *store.Tx, p Place, number string) error {
	rec, err := getNumber(tx, p, number)
	if err != nil {
		return err
	}
	if !rec.VerifiedAt.IsZero() && tx.Now().Sub(rec.VerifiedAt) < verifiedFor {
		return fmt.Errorf("remove a number: %w", ErrVerifiedNow)
	}
	return tx.Delete(p.key(sandboxSpace, number))
}

func getNumber(r Reader, p Place, number string) (rec numberRecord, err error) {
	found, err := get(r, p.key(sandboxSpace, number), &rec)
	if err == nil && !found {
		err = fmt.Errorf("a number: %w", ErrNoNumber)
	}
	return rec, err
}

// ListNumbers is ListApps for the numbers of the sandbox.
func ListNumbers(r Reader, p Place, cursor string, limit int) (numbers []Number, next string, err error) {
	more, err := pageOf(r, p.key(sandboxSpace, ""), cursor, limit, func(number string, value []byte) error {
		var rec numberRecord
		numbers = append(numbers, Number{Number: number})
		err := decode(value, &rec)
		numbers[len(numbers)-1].Verified = !rec.VerifiedAt.IsZero()
		return err
	})
	if more {
		next = numbers[len(numbers)-1].Number
	}
	return numbers, next, err
}
