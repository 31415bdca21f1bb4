package sns

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/notification"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/wire"
)

// CreateSMSSandboxPhoneNumber adds a number to try text messages with, and sends
// it the code that verifies it, if there is a gateway that can.
func (s *Service) CreateSMSSandboxPhoneNumber(ctx context.Context, c *wire.Call, in *model.CreateSMSSandboxPhoneNumberInput) (*model.CreateSMSSandboxPhoneNumberOutput, error) {
	number, err := phoneOf("PhoneNumber", in.PhoneNumber)
	if err != nil {
		return nil, err
	}
	to, code := textTo(c, number), knownCode
	sends := s.core.Reaches(to)
	if sends {
		code = s.newCode()
	}
	message := topic.Message{ID: s.newMessageID(), Text: "Your verification code is " + code + ".", At: s.now(), Attributes: transactional}
	return nil, s.change(ctx, func(tx *store.Tx) error {
		out, err := mobile.OptedOut(tx, placeOf(c), number)
		if err != nil {
			return err
		}
		if out {
			return say(codeOptedOut, "The phone number has opted out of text messages")
		}
		send, err := mobile.AddNumber(tx, placeOf(c), number, code, !sends)
		if err != nil || !send {
			return err
		}
		return s.core.SendTo(tx, to, topic.Text, message)
	})
}

// transactional has a code sent as what it is.
var transactional = []notification.Attribute{{Name: "AWS.SNS.SMS.SMSType", Type: "String", Value: []byte("Transactional")}}

// newCode is a code of six digits.
func newCode() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		panic("sns: no randomness: " + err.Error()) // crypto/rand ends the process before that
	}
	return fmt.Sprintf("%06d", n)
}
