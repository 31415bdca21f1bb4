package mobile

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// The sandbox is the numbers that an account tries text messages with. A number
// is verified by a code that is sent to it, of which a digest is kept until then.
const (
	// maxNumbers, how often a code is sent to a number in how long, and the time that
	// a verified number must stay:
	// https://docs.aws.amazon.com/sns/latest/dg/sns-sms-sandbox-verifying-phone-numbers.html
	maxNumbers  = 10
	maxCodes    = 5
	codesEvery  = 24 * time.Hour
	verifiedFor = 24 * time.Hour

	// A code is good for codeFor, and for so many guesses: it has six digits. AWS
	// tells neither.
	codeFor    = time.Hour
	maxGuesses = 10
)

// Number is a number to try text messages with.
type Number struct {
	Number   string
	Verified bool
}

type numberRecord struct {
	Code       []byte      `json:"code,omitempty"`     // digest of the code that was sent
	GoodUntil  time.Time   `json:"goodUntil,omitzero"` // for ever where it is zero: nobody sent the code, everybody knows it
	Guesses    int         `json:"guesses,omitempty"`  // that were wrong
	SentAt     []time.Time `json:"sentAt,omitempty"`   // codes, in the last codesEvery
	VerifiedAt time.Time   `json:"verifiedAt,omitzero"`
}

// good tells whether the code is.
func (rec *numberRecord) good(now time.Time) bool {
	return rec.GoodUntil.IsZero() || now.Before(rec.GoodUntil) && rec.Guesses < maxGuesses
}

// AddNumber puts a number into the sandbox, where it waits for the code to be
// told; one that is there waits again, for the new code. known is a code that
// everybody knows; another one has to be sent to it now, if send is set. A number
// that is verified stays so, and is sent nothing.
func AddNumber(tx *store.Tx, p Place, number, code string, known bool) (send bool, err error) {
	var rec numberRecord
	found, err := get(tx, p.key(sandboxSpace, number), &rec)
	if err != nil || found && !rec.VerifiedAt.IsZero() {
		return false, err
	}
	if !found {
		all, more, err := ListNumbers(tx, p, "", maxNumbers)
		if err != nil {
			return false, err
		}
		if more != "" || len(all) == maxNumbers {
			return false, fmt.Errorf("add a number: %w", ErrManyNumbers)
		}
	}
	next := numberRecord{Code: digest(code)}
	for _, at := range rec.SentAt {
		if tx.Now().Sub(at) < codesEvery {
			next.SentAt = append(next.SentAt, at)
		}
	}
	if !known {
		if len(next.SentAt) >= maxCodes {
			return false, fmt.Errorf("add a number: %w", ErrManyCodes)
		}
		next.SentAt, next.GoodUntil = append(next.SentAt, tx.Now()), tx.Now().Add(codeFor)
	}
	return !known, tx.Set(p.key(sandboxSpace, number), encode(next))
}

func digest(code string) []byte {
	sum := sha256.Sum256([]byte(code))
	return sum[:]
}

// VerifyNumber verifies a number by its code, as often as it is told to. right:
// the code is the one that was sent, and still good. A wrong guess is noted: so
// it is no error, which would undo the transaction.
func VerifyNumber(tx *store.Tx, p Place, number, code string) (right bool, err error) {
	rec, err := getNumber(tx, p, number)
	if err != nil || !rec.VerifiedAt.IsZero() {
		return err == nil, err
	}
	if !rec.good(tx.Now()) {
		return false, nil
	}
	if subtle.ConstantTimeCompare(rec.Code, digest(code)) == 1 {
		return true, tx.Set(p.key(sandboxSpace, number), encode(numberRecord{VerifiedAt: tx.Now()}))
	}
	if rec.GoodUntil.IsZero() {
		return false, nil
	}
	rec.Guesses++
	return false, tx.Set(p.key(sandboxSpace, number), encode(rec))
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
