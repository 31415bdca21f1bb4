package mobile

import (
	"fmt"
	"maps"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// optInEvery is how often a number can be opted in.
// https://docs.aws.amazon.com/sns/latest/api/API_OptInPhoneNumber.html
const optInEvery = 30 * 24 * time.Hour

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
