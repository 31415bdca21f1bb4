package notification

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"strings"
	"testing"
)

// The texts are what AWS's page on verifying signatures says that is signed.
func TestTheCanonicalTextIsAWSs(t *testing.T) {
	plain := Notification{Type: Message, MessageID: "id", TopicARN: "arn", Message: "two\nlines", Timestamp: at, UnsubscribeURL: "u"}
	titled := plain
	titled.Subject = "My subject"
	ask := Asking("id", "arn", "tok", at)
	ask.Message, ask.SubscribeURL = "m", "url"
	bye := ask
	bye.Type = UnsubscribeAck
	for _, c := range []struct {
		n    Notification
		want string
	}{
		{plain, "Message|two|lines|MessageId|id|Timestamp|2026-11-25T18:00:00.719Z|TopicArn|arn|Type|Notification|"},
		{titled, "Message|two|lines|MessageId|id|Subject|My subject|Timestamp|2026-11-25T18:00:00.719Z|TopicArn|arn|Type|Notification|"},
		{ask, "Message|m|MessageId|id|SubscribeURL|url|Timestamp|2026-11-25T18:00:00.719Z|Token|tok|TopicArn|arn|Type|SubscriptionConfirmation|"},
		{bye, "Message|m|MessageId|id|SubscribeURL|url|Timestamp|2026-11-25T18:00:00.719Z|Token|tok|TopicArn|arn|Type|UnsubscribeConfirmation|"},
	} {
		if got := strings.ReplaceAll(string(c.n.Canonical()), "\n", "|"); got != c.want {
			t.Errorf("%s", got)
		}
	}
}

func TestASignatureIsGoodUntilSomethingIsChanged(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{SignatureSHA1, SignatureSHA256} {
		n := Notification{Type: Message, MessageID: "id", TopicARN: "arn", Subject: "s", Message: "ü\n", Timestamp: at}
		if err := n.Sign(key, version); err != nil {
			t.Fatal(err)
		}
		read, err := Parse(n.Append(nil))
		if err != nil || read.Verify(&key.PublicKey) != nil {
			t.Errorf("version %s: %v, %v", version, err, read.Verify(&key.PublicKey))
		}
		for name, change := range map[string]func(*Notification){
			"message": func(n *Notification) { n.Message += "x" }, "subject": func(n *Notification) { n.Subject = "" },
			"topic": func(n *Notification) { n.TopicARN = "other" }, "type": func(n *Notification) { n.Type = Confirm },
			"version":   func(n *Notification) { n.SignatureVersion = map[string]string{"1": "2", "2": "1"}[version] },
			"signature": func(n *Notification) { n.Signature = n.Signature[4:] },
		} {
			changed := read
			if change(&changed); !errors.Is(changed.Verify(&key.PublicKey), ErrSignature) {
				t.Errorf("version %s, another %s: %v", version, name, changed.Verify(&key.PublicKey))
			}
		}
	}
	if err := new(Notification).Sign(key, "3"); !errors.Is(err, ErrSignature) {
		t.Error(err)
	}
}
