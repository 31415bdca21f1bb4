// Package mobile is what is known of devices and of phone numbers: applications
// of push services and the devices that have them; settings for text messages,
// the numbers that want none, and those to try messages with.
//
// It keeps and tells, no more: who delivers to a device or a number reads it
// here. What an application authenticates itself with at its push service is
// not kept, only a digest by which a repetition is known: nothing here needs
// it, and what is not there cannot leak.
//
// Invariants:
//
//  1. A device's token is that of one endpoint of an application, which is found
//     by it.
//  2. What belongs to an application goes with it.
//
// It refuses to know what AWS calls things.
package mobile

import (
	"crypto/sha256"
	"errors"
	"strings"

	"github.com/google/uuid"

	"github.com/carillon-events/carillon/internal/store"
)

// Place is where something is: all here is of an account in a region.
type Place struct{ Account, Region string }

// App names an application of a push service.
type App struct {
	Place
	Platform, Name string
}

// ID tells an endpoint from the others of its application. It is random.
type ID [16]byte

// ParseID reads what String made.
func ParseID(text string) (ID, bool) {
	id, err := uuid.Parse(text)
	return ID(id), err == nil && id.String() == text
}

func (id ID) String() string { return uuid.UUID(id).String() }

// What can be wrong with a change. Nothing was written then.
var (
	ErrAppDiffers    = errors.New("application exists and is another")
	ErrNoApp         = errors.New("application does not exist")
	ErrNoEndpoint    = errors.New("endpoint does not exist")
	ErrTokenTaken    = errors.New("token is that of another endpoint, or of one that differs")
	ErrOptedInBefore = errors.New("number was opted in less than 30 days ago")
	ErrNoNumber      = errors.New("number is not in the sandbox")
	ErrManyNumbers   = errors.New("too many numbers in the sandbox")
	ErrManyCodes     = errors.New("too many codes were sent to the number")
	ErrVerifiedNow   = errors.New("number was verified less than 24 hours ago")
	ErrWrongCode     = errors.New("code is not the one that was sent")
)

// Keys of mobile. Names hold no zero byte. A value is {version 1 = 1}{JSON}.
//
//	'n' 'a' {account} 0 {region} 0 {platform} 0 {name}              an application
//	'n' 'e' {account} 0 {region} 0 {platform} 0 {name} 0 {id 16}    a device's endpoint
//	'n' 'k' {account} 0 {region} 0 {platform} 0 {name} 0 {hash 16}  its id, by the beginning of the SHA-256 of its token
//	'n' 's' {account} 0 {region}                                    settings for text messages
//	'n' 'o' {account} 0 {region} 0 {number}                         whether a number wants text messages, if it ever did not
//	'n' 'b' {account} 0 {region} 0 {number}                         a number of the sandbox
const (
	appSpace      = "na"
	endpointSpace = "ne"
	tokenSpace    = "nk"
	settingSpace  = "ns"
	optSpace      = "no"
	sandboxSpace  = "nb"
)

const recordVersion = 1

var errDamaged = errors.New("damaged record")

func (p Place) text() string { return p.Account + "\x00" + p.Region }

func (a App) text() string { return a.Place.text() + "\x00" + a.Platform + "\x00" + a.Name }

func (p Place) key(space, rest string) []byte { return []byte(space + p.text() + "\x00" + rest) }

func (a App) key() []byte { return []byte(appSpace + a.text()) }

func (a App) endpointKey(id ID) []byte {
	return append([]byte(endpointSpace+a.text()+"\x00"), id[:]...)
}

func (a App) tokenKey(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return append([]byte(tokenSpace+a.text()+"\x00"), sum[:16]...)
}

// Reader is what reading needs: a *store.Tx or a *store.View.
type Reader interface {
	Get(key []byte) ([]byte, bool, error)
	Scan(lo, hi []byte, fn func(key, value []byte) bool) error
}

// records are how everything here is kept, but what has a layout of its own.
var records = store.Records{Of: "mobile", Version: recordVersion, Damaged: errDamaged}

func encode(record any) []byte { return records.Encode(record) }

func decode(value []byte, record any) error { return records.Decode(value, record) }

func get(r Reader, key []byte, record any) (bool, error) { return records.Get(r, key, record) }

// pageOf calls fn with what follows prefix in up to limit keys, from the one
// after `after` on. more: there are others.
func pageOf(r Reader, prefix []byte, after string, limit int, fn func(rest string, value []byte) error) (more bool, err error) {
	count := 0
	err = store.Each(r, prefix, after, func(rest string, value []byte) (bool, error) {
		if more = count == limit; more {
			return false, nil
		}
		count++
		return true, fn(rest, value)
	})
	return more, err
}

func cutTwo(text string) (a, b string) {
	a, b, _ = strings.Cut(text, "\x00")
	return a, b
}
